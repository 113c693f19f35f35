/** Whom an event is told although they have not subscribed to it: who can turn which of it off. */
import type { OpenContext } from '../../../platform/context.js';
import { type EventName, isAlarm } from '../messages/event-names.js';
import { type Occurrence, textIn } from '../messages/occurrence.js';
import type { NoticeKind } from '../subscriptions/subscriptions.store.js';
import type { Asked } from './asked-people.js';
import { adminsOf, membersOfGroup } from './recipients.queries.js';

export interface Unasked {
  readonly kind: NoticeKind;
  /** Ids. */
  readonly people: readonly string[];
}

/** They ask somebody to decide: nobody who is barred gets them. */
const ASKS: readonly EventName[] = [
  'approval-requested',
  'approval-reopened',
  'approval-reminded',
  'approval-escalated',
];
export const isAsking = (name: EventName) => ASKS.includes(name);

/** How a request ended. That it was rejected is said once, and not again of the deployment. */
const OUTCOMES: readonly EventName[] = [
  'approval-granted',
  'approval-rejected',
  'approval-expired',
  'approval-replaced',
  'approvals-voided',
];
const ENDS: readonly EventName[] = [
  'deployment-succeeded',
  'deployment-failed',
  'deployment-rolled-back',
  'deployment-rollback-failed',
  'deployment-cancelled',
];

export interface UnaskedFacts {
  /** Null: the event asks nobody, or there is nothing to decide any more. */
  readonly asked: Asked | null;
  /** The name of the group that is told when nobody has decided; empty: the Admins. */
  readonly escalationGroup: string;
}

export async function unasked(
  open: OpenContext,
  of: Occurrence,
  { asked, escalationGroup }: UnaskedFacts,
): Promise<readonly Unasked[]> {
  const found: Unasked[] = [];
  if (of.name === 'approval-escalated') {
    if (asked === null) return [];
    const group = escalationGroup === '' ? [] : await membersOfGroup(open, escalationGroup);
    // An empty group is nobody, and somebody must hear of it.
    const people = group.length === 0 ? await adminsOf(open) : group;
    return [{ kind: 'approvals', people: people.filter((id) => !asked.isBarred(id)) }];
  }
  if (isAsking(of.name)) found.push({ kind: 'approvals', people: asked?.people ?? [] });
  if (isOutcome(of)) {
    const requester = textIn(of, 'requestedBy');
    found.push({ kind: 'outcomes', people: requester === null ? [] : [requester] });
  }
  if (isAlarm(of.name) && !isOwnDoing(of))
    found.push({ kind: 'alarms', people: await adminsOf(open) });
  return found;
}

/** Whoever disables a channel knows it; that a receiver is gone nobody has seen. */
const isOwnDoing = ({ name, body }: Occurrence) =>
  name === 'channel-disabled' && body.why === 'by-hand';

/** The end of a deployment is news to whoever waited for people to approve it. */
function isOutcome({ name, body }: Occurrence): boolean {
  return OUTCOMES.includes(name) || (ENDS.includes(name) && body.isDecided === true);
}
