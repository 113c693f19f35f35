/**
 * The table `artifacts`: which bytes are kept in the object store. Its rows are locks as well: whoever
 * changes a row or its object holds it.
 */
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';

type ArtifactKey = { readonly tenantId: string; readonly artifactDigest: string };

const claim = statement<ArtifactKey & { readonly size: number }, { readonly isNew: boolean }>(
  'artifacts.claim',
  `insert into artifacts (tenant_id, artifact_digest, size, state, verified_at)
   values (:tenantId, :artifactDigest, :size, 'ready', clock_timestamp())
   on conflict (tenant_id, artifact_digest)
   do update set state = 'ready', verified_at = excluded.verified_at
   returning xmax = 0 as "isNew"`,
);

/** Its bytes have come, and were whole just now. False: the row was there already. */
export async function claimArtifact(
  open: OpenContext,
  artifactDigest: string,
  size: number,
): Promise<boolean> {
  const claimed = await open.tx.first(claim, { tenantId: open.tenantId, artifactDigest, size });
  return claimed!.isNew;
}

const countBytes = statement<{ readonly tenantId: string }, { readonly bytes: number }>(
  'artifacts.count-bytes',
  `select coalesce(sum(size), 0)::bigint as bytes from artifacts where tenant_id = :tenantId`,
);

/** Of all that the tenant keeps. */
export async function countArtifactBytes(open: OpenContext): Promise<number> {
  return (await open.tx.first(countBytes, { tenantId: open.tenantId }))!.bytes;
}

const claimUnkept = statement<ArtifactKey>(
  'artifacts.claim-unkept',
  `insert into artifacts (tenant_id, artifact_digest, size, state)
   values (:tenantId, :artifactDigest, 0, 'deleting') on conflict do nothing`,
);

/**
 * False: it is kept. Waits for whoever is pushing the same bytes, and keeps others out until the
 * transaction ends.
 */
export async function claimUnkeptArtifact(
  open: OpenContext,
  artifactDigest: string,
): Promise<boolean> {
  return (await open.tx.execute(claimUnkept, { tenantId: open.tenantId, artifactDigest })) === 1;
}

const remove = statement<ArtifactKey>(
  'artifacts.delete',
  'delete from artifacts where tenant_id = :tenantId and artifact_digest = :artifactDigest',
);

export async function deleteArtifact(open: OpenContext, artifactDigest: string): Promise<void> {
  await open.tx.execute(remove, { tenantId: open.tenantId, artifactDigest });
}

const noteVerified = statement<ArtifactKey>(
  'artifacts.note-verified',
  `update artifacts set verified_at = clock_timestamp()
   where tenant_id = :tenantId and artifact_digest = :artifactDigest`,
);

/** The stored bytes were read and found whole just now. */
export async function noteArtifactVerified(
  open: OpenContext,
  artifactDigest: string,
): Promise<void> {
  await open.tx.execute(noteVerified, { tenantId: open.tenantId, artifactDigest });
}

const kept = statement<
  { readonly tenantId: string; readonly take: number },
  { readonly artifactDigest: string }
>(
  'artifacts.kept',
  `select artifact_digest as "artifactDigest" from artifacts
   where tenant_id = :tenantId and state <> 'deleting' order by artifact_digest limit :take`,
);

/** Digests of those whose objects may be there. */
export async function keptArtifacts(open: OpenContext, take: number): Promise<string[]> {
  const rows = await open.tx.query(kept, { tenantId: open.tenantId, take });
  return rows.map(({ artifactDigest }) => artifactDigest);
}

const noteGone = statement<ArtifactKey>(
  'artifacts.note-gone',
  `update artifacts set state = 'deleting'
   where tenant_id = :tenantId and artifact_digest = :artifactDigest`,
);

/** Its object is gone; the row goes with all rows of the tenant. */
export async function noteArtifactGone(open: OpenContext, artifactDigest: string): Promise<void> {
  await open.tx.execute(noteGone, { tenantId: open.tenantId, artifactDigest });
}
