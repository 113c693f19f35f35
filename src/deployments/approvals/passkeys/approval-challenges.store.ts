/** The table `approval_challenges`: what the passkeys of people were asked to sign, for minutes. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';

interface NewChallenge {
  /** base64url of the sha-256 of `signed`. */
  readonly challenge: string;
  readonly deploymentId: string;
  readonly personId: string;
  readonly signed: string;
  readonly expiresAt: Date;
}

const insert = statement<NewChallenge & { readonly tenantId: string }>(
  'approval-challenges.insert',
  `insert into approval_challenges (tenant_id, challenge, deployment_id, person_id, signed, expires_at)
   values (:tenantId, :challenge, :deploymentId, :personId, :signed, :expiresAt)`,
);

export async function insertChallenge(open: OpenContext, challenge: NewChallenge): Promise<void> {
  await open.tx.execute(insert, { ...challenge, tenantId: open.tenantId });
}

type Asker = { readonly tenantId: string; readonly personId: string; readonly now: Date };

const count = statement<Asker, { readonly count: number }>(
  'approval-challenges.count',
  `select count(*)::int as count from approval_challenges
   where tenant_id = :tenantId and person_id = :personId and answered_at is null
     and expires_at > :now`,
);

/** Those that are open. */
export async function countChallenges(
  open: OpenContext,
  personId: string,
  now: Date,
): Promise<number> {
  const row = await open.tx.first(count, { tenantId: open.tenantId, personId, now });
  return row?.count ?? 0;
}

const purge = statement<{
  readonly tenantId: string;
  readonly now: Date;
  readonly rows: number;
}>(
  'approval-challenges.purge',
  `delete from approval_challenges where (tenant_id, challenge) in (
     select tenant_id, challenge from approval_challenges
     where tenant_id = :tenantId and expires_at <= :now
     order by expires_at limit :rows for update skip locked)`,
);

/** Each one that is made takes away some that are over. */
const PURGED = 4;

export async function purgeChallenges(open: OpenContext, now: Date): Promise<void> {
  await open.tx.execute(purge, { tenantId: open.tenantId, now, rows: PURGED });
}

type Answer = {
  readonly tenantId: string;
  readonly challenge: string;
  readonly personId: string;
  readonly now: Date;
};

const answer = statement<Answer, { readonly signed: string }>(
  'approval-challenges.answer',
  `update approval_challenges set answered_at = :now
   where tenant_id = :tenantId and challenge = :challenge and person_id = :personId
     and answered_at is null and expires_at > :now
   returning signed`,
);

/** Once: two at the same time are one after the other. Undefined: answered before, over, or nobody's. */
export async function answerChallenge(
  open: OpenContext,
  given: { readonly challenge: string; readonly personId: string; readonly now: Date },
): Promise<string | undefined> {
  return (await open.tx.first(answer, { ...given, tenantId: open.tenantId }))?.signed;
}
