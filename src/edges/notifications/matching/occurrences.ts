import { environmentsOf } from '../../../fleet/fleet.queries.js';
import type { RunStatus } from '../../../engine/run.js';
import type { OpenContext } from '../../../platform/context.js';
import { type DeliveredEvent, eventsIn } from '../../../platform/outbox/events.store.js';
import type { Delivery } from '../../../platform/outbox/outbox-consumer.js';
import { type EventName, isEventName } from '../messages/event-names.js';
import type { Occurrence } from '../messages/occurrence.js';
import { rolloutFacts, type StatusEntry, statusEntries } from './rollouts.queries.js';

type Range = Omit<Delivery, 'signal'>;

const byStatus: Readonly<Partial<Record<RunStatus, EventName>>> = {
  Running: 'deployment-started',
  Paused: 'deployment-paused',
  RollingBack: 'deployment-rollback-started',
  Succeeded: 'deployment-succeeded',
  Failed: 'deployment-failed',
  RolledBack: 'deployment-rolled-back',
  RollbackFailed: 'deployment-rollback-failed',
  Cancelled: 'deployment-cancelled',
  Rejected: 'deployment-rejected',
};

/** What of a range can be told, in its order; everything else in it is of no interest to anybody. */
export async function occurrencesIn(open: OpenContext, range: Range): Promise<Occurrence[]> {
  const { stream, streamId, afterSeq, upToSeq } = range;
  if (stream === 'journal') {
    const entries = await statusEntries(open, { id: streamId, afterSeq, upToSeq });
    return withRollout(
      open,
      streamId,
      entries.flatMap((entry) => ofJournal(range, entry)),
    );
  }
  const events = await eventsIn(open, { streamId, afterSeq, upToSeq });
  const told = events.flatMap((event) => ofEvent(range, event));
  const kind = told[0]?.subject.kind;
  if (kind === 'deployment') return withRollout(open, streamId, told);
  return kind === 'approval-policy' ? withEnvironments(open, told) : told;
}

/** The same words as in a deployment's journal and audit trail. */
function ofJournal(range: Range, { seq, at, actor, data }: StatusEntry): Occurrence[] {
  const { status, previousStatus } = data as { status?: RunStatus; previousStatus?: RunStatus };
  const isResumed = previousStatus === 'Paused' && status === 'Running';
  const name = isResumed ? 'deployment-resumed' : status && byStatus[status];
  if (name === undefined) return [];
  return [
    {
      id: idOf(range, seq),
      name,
      at: new Date(at),
      actor,
      subject: { kind: 'deployment', id: range.streamId },
      modules: [],
      environments: [],
      body: data,
    },
  ];
}

function ofEvent(range: Range, event: DeliveredEvent): Occurrence[] {
  const { seq, name, at, actor, subjectKind: kind } = event;
  // What was refused or tried in vain has not happened.
  if (!isEventName(name) || event.result !== 'allowed') return [];
  const body = event.body as Readonly<Record<string, unknown>>;
  const subject = { kind, id: range.streamId };
  const named = {
    modules: namesIn(body, 'module', 'modules'),
    environments: namesIn(body, 'environment', 'environments'),
  };
  return [{ id: idOf(range, seq), name, at, actor, subject, ...named, body }];
}

/** What and where it is stands in the deployment's own rows, in one place for all of its events. */
async function withRollout(
  open: OpenContext,
  id: string,
  occurrences: readonly Occurrence[],
): Promise<Occurrence[]> {
  if (occurrences.length === 0) return [];
  const facts = await rolloutFacts(open, id);
  // Its tenant is being taken away, row by row.
  if (facts === undefined) return [];
  const { module, environment, ...more } = facts;
  const where = { modules: [module], environments: [environment] };
  return occurrences.map((of) => ({ ...of, ...where, body: { ...of.body, ...more } }));
}

/** Policies name environments by id; one that is of all of them concerns all. */
async function withEnvironments(
  open: OpenContext,
  occurrences: readonly Occurrence[],
): Promise<Occurrence[]> {
  const known = await environmentsOf(open);
  return occurrences.map((of) => {
    const ids = [of.body.environmentIds].flat();
    const environments = ids.includes(null) ? [] : known.filter(({ id }) => ids.includes(id));
    return { ...of, environments: environments.map(({ name }) => name) };
  });
}

/** An event is of one, or of several. */
function namesIn(
  body: Readonly<Record<string, unknown>>,
  one: string,
  several: string,
): readonly string[] {
  const found = [body[one], body[several]].flat();
  return found.filter((name): name is string => typeof name === 'string' && name !== '');
}

/** The same each time, and no other's: a stream's sequences are given once. */
function idOf({ stream, streamId }: Range, seq: number): string {
  return `${stream}:${streamId}:${seq}`;
}
