/** Which ways out of it the caller may take: by permission there, and where people decide by their rules. */
import type { Context, OpenContext } from '../../platform/context.js';
import { peopleOnly, permissionMissing } from '../../platform/http/http.errors.js';
import { decidersOf, factsAt, type Decider } from '../approvals/policies/approver-facts.queries.js';
import { isBarred } from '../approvals/rule.js';
import { decidingPerson, standingOfPerson } from '../approvals/subject/caller-standing.js';
import { attentionKinds, type WayOut } from './attention-kinds.js';
import type { AttentionItem } from './attention.dto.js';
import type { AttentionRow } from './attention.views.js';
import { requestFacts, type RequestFacts } from './caller-facts.views.js';

type Way = AttentionItem['verbs'][number];

/** What is known of whoever asks, for all items of a page in two statements. */
export interface Caller {
  readonly decider: Decider | null;
  /** By `keyOf`. */
  readonly facts: ReadonlyMap<string, RequestFacts>;
}

export async function callerOf(open: OpenContext, rows: readonly AttentionRow[]): Promise<Caller> {
  const asked = rows.flatMap(({ subjectId: deploymentId, requestNumber: number }) =>
    number === null ? [] : [{ deploymentId, number }],
  );
  const personId = decidingPerson(open);
  const [decider] = personId === null || asked.length === 0 ? [] : await decidersOf(open, personId);
  if (!decider) return { decider: null, facts: new Map() };
  const facts = await requestFacts(open, decider.id, asked);
  return {
    decider,
    facts: new Map(facts.map((each) => [keyOf(each.deploymentId, each.number), each])),
  };
}

export function waysOf(ctx: Context, row: AttentionRow, caller: Caller): Way[] {
  return attentionKinds[row.kind].verbs.map((way: WayOut) => {
    const why = whyNot(ctx, way, row, caller);
    const { verb, method, permission } = way;
    return {
      verb,
      method,
      path: way.path.replace('<id>', row.subjectId),
      command: way.command.replace('<id>', row.subjectId),
      permission,
      may: why === null,
      why,
    };
  });
}

/** As asking for it would answer; null: nothing is known against it. */
function whyNot(ctx: Context, way: WayOut, row: AttentionRow, caller: Caller): string | null {
  const target = {
    module: row.module ?? undefined,
    environment: row.environment ?? undefined,
  };
  if (row.kind === 'kill-switch' && row.who !== null) {
    return 'It is the switch of the installation: its operators turn it.';
  }
  if (!ctx.can(way.permission, target)) return permissionMissing(way.permission, target).message;
  if (way.isForPeople && (ctx.actor.kind !== 'user' || ctx.actor.isActing)) {
    return peopleOnly().message;
  }
  return row.requestNumber === null ? null : whyNotDecided(row, caller);
}

function whyNotDecided(row: AttentionRow, { decider, facts }: Caller): string | null {
  const found = facts.get(keyOf(row.subjectId, row.requestNumber!));
  if (!decider || !found) return 'Only people of this tenant who may decide approvals can do this.';
  const { id } = decider;
  const { rules, requestedByPerson, isReleaseAuthor, isConfigurationEditor } = found;
  const barred = {
    requester: requestedByPerson === null ? [] : [requestedByPerson],
    'release-author': isReleaseAuthor ? [id] : [],
    'configuration-editor': isConfigurationEditor ? [id] : [],
  };
  if (row.kind === 'break-glass') {
    const isOwn = row.personId === id || requestedByPerson === id;
    if (!isOwn && !rules.some((rule) => isBarred(rule, id, barred))) return null;
    return 'It is your own work: somebody else reviews it.';
  }
  if (found.hasDecided) return 'You have decided already.';
  const target = { module: row.module!, environment: row.environment! };
  return standingOfPerson(id, rules, { people: factsAt([decider], target), barred }).why;
}

const keyOf = (deploymentId: string, number: number) => `${deploymentId}/${number}`;
