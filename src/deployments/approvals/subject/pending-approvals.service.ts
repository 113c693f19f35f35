import { Injectable } from '@nestjs/common';
import type { Context, OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { newestFirst, type Page } from '../../../platform/http/page.js';
import { decidersOf, factsAt, type Decider } from '../policies/approver-facts.queries.js';
import { decidingPerson, standingOfPerson } from './caller-standing.js';
import type { PendingApproval, PendingQuery } from './pending.dto.js';
import {
  pendingRows,
  pendingRowsOf,
  type OwnRow,
  type PendingRow,
  type Slice,
} from './pending.views.js';

/** As many as are judged at once for one page. */
const CHUNK = 200;

/** What waits for people. */
@Injectable()
export class PendingApprovals {
  constructor(private readonly database: Database) {}

  list(ctx: Context, query: PendingQuery): Promise<Page<PendingApproval>> {
    return this.database.transaction(ctx, (open) =>
      newestFirst('pending approvals', query, async (before, take) => {
        const slice = { before, take };
        const isMine = query.mine === 'true';
        const rows = isMine
          ? await rowsOfCaller(open, query, slice)
          : await pendingRows(open, query, slice);
        return rows.map(pendingView);
      }),
    );
  }
}

/** Only what the caller could decide now; machines, and who acts from outside, could decide nothing. */
async function rowsOfCaller(
  open: OpenContext,
  query: PendingQuery,
  { before, take }: Slice,
): Promise<PendingRow[]> {
  const personId = decidingPerson(open);
  const [decider] = personId === null ? [] : await decidersOf(open, personId);
  if (!decider) return [];
  const { id, roles, groups } = decider;
  const asked = { personId: id, groups, roles: roles.map(({ role }) => role) };
  const found: PendingRow[] = [];
  let from = before;
  for (;;) {
    const rows = await pendingRowsOf(open, asked, query, { before: from, take: CHUNK });
    found.push(...rows.filter((row) => couldDecide(decider, row)));
    const last = rows.at(-1);
    if (found.length >= take || rows.length < CHUNK || !last) return found.slice(0, take);
    from = last.id;
  }
}

function couldDecide(decider: Decider, row: OwnRow): boolean {
  const { id } = decider;
  const { module, environment, requestedByPerson, isReleaseAuthor, isConfigurationEditor } = row;
  const people = factsAt([decider], { module, environment });
  const barred = {
    requester: requestedByPerson === null ? [] : [requestedByPerson],
    'release-author': isReleaseAuthor ? [id] : [],
    'configuration-editor': isConfigurationEditor ? [id] : [],
  };
  return standingOfPerson(id, row.rules, { people, barred }).canDecide;
}

function pendingView(row: PendingRow): PendingApproval {
  const { id, kind, version, cluster, strategy, requestedBy, subjectDigest } = row;
  return {
    id,
    kind,
    moduleName: row.module,
    version,
    targetEnvironment: row.environment,
    cluster,
    strategy,
    requestNumber: row.number,
    requestedBy,
    askedAt: row.askedAt.toISOString(),
    deadlineAt: row.deadlineAt.toISOString(),
    subjectDigest,
    rules: row.rules.map(({ name, quorum }) => ({ name, quorum })),
    approvedBy: [...row.approvedBy],
  };
}
