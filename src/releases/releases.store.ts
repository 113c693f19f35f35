/** The tables `modules` and `releases`. A release never changes, so nothing here updates one. */
import { assert } from '../kernel/assert.js';
import { newId } from '../kernel/ids.js';
import type { OpenContext } from '../platform/context.js';
import { statement } from '../platform/database/statement.js';

/** What everybody who reads a release wants of it. Fragment: beside RELEASE_TABLES. */
export const RELEASE_COLUMNS = `r.id, r.version, r.release_digest as "releaseDigest",
  r.artifact_digest as "artifactDigest", a.size as "artifactBytes",
  r.manifest_text as "manifestText", r.signature as "signatureValue", r.key_id as "keyId",
  k.revoked_at is not null as "isKeyRevoked"`;

/** A release with its artifact and the key that signed it. Fragment. */
export const RELEASE_TABLES = `releases r
  join artifacts a on a.tenant_id = r.tenant_id and a.artifact_digest = r.artifact_digest
  left join signing_keys k on k.tenant_id = r.tenant_id and k.id = r.key_id`;

/** A row of RELEASE_COLUMNS. */
export interface ReleaseColumns {
  readonly id: string;
  readonly version: string;
  readonly releaseDigest: string;
  readonly artifactDigest: string;
  readonly artifactBytes: number;
  /** Canonical; what releaseDigest was taken of. */
  readonly manifestText: string;
  /** Null, as its key: nobody signed it. */
  readonly signatureValue: string | null;
  readonly keyId: string | null;
  readonly isKeyRevoked: boolean;
}

export interface ModuleFacts {
  readonly id: string;
  readonly name: string;
}

const findModule = statement<{ readonly tenantId: string; readonly name: string }, ModuleFacts>(
  'modules.find-by-name',
  'select id, name from modules where tenant_id = :tenantId and name = :name',
);

export function findModuleByName(
  open: OpenContext,
  name: string,
): Promise<ModuleFacts | undefined> {
  return open.tx.first(findModule, { tenantId: open.tenantId, name });
}

const insertModule = statement<{
  readonly tenantId: string;
  readonly id: string;
  readonly name: string;
}>(
  'modules.insert',
  `insert into modules (tenant_id, id, name) values (:tenantId, :id, :name)
   on conflict (tenant_id, name) do nothing`,
);

/** A module begins with its first release. Two that begin it at once get the same one. */
export async function moduleIdFor(
  open: OpenContext,
  name: string,
): Promise<{ readonly id: string; readonly isNew: boolean }> {
  const found = await findModuleByName(open, name);
  if (found) return { id: found.id, isNew: false };
  const isNew =
    (await open.tx.execute(insertModule, { tenantId: open.tenantId, id: newId(), name })) > 0;
  const made = await findModuleByName(open, name);
  assert(made, 'a module that was inserted or in the way is there');
  return { id: made.id, isNew };
}

const lock = statement<{ readonly tenantId: string; readonly id: string }, { readonly id: string }>(
  'modules.lock',
  'select id from modules where tenant_id = :tenantId and id = :id for no key update',
);

/** Until the transaction ends one writer at a time counts; readers are not held up. */
export async function lockModule(open: OpenContext, id: string): Promise<void> {
  await open.tx.query(lock, { tenantId: open.tenantId, id });
}

export interface NewRelease {
  readonly id: string;
  readonly moduleId: string;
  readonly version: string;
  readonly releaseDigest: string;
  readonly artifactDigest: string;
  readonly manifestText: string;
  readonly signature: string | null;
  readonly keyId: string | null;
}

const insert = statement<{
  readonly tenantId: string;
  readonly id: string;
  readonly moduleId: string;
  readonly version: string;
  readonly releaseDigest: string;
  readonly artifactDigest: string;
  readonly manifestText: string;
  readonly signature: string | null;
  readonly keyId: string | null;
  readonly createdBy: string;
  readonly createdByPerson: string | null;
}>(
  'releases.insert',
  `insert into releases (tenant_id, id, module_id, version, release_digest, artifact_digest,
     manifest_text, signature, key_id, created_by, created_by_person)
   values (:tenantId, :id, :moduleId, :version, :releaseDigest, :artifactDigest, :manifestText,
     :signature, :keyId, :createdBy, :createdByPerson)
   on conflict (tenant_id, module_id, version) do nothing`,
);

/**
 * False: the module has a release of this version. One that another transaction is about to write is
 * waited for.
 */
export async function insertRelease(open: OpenContext, release: NewRelease): Promise<boolean> {
  const { tenantId } = open;
  const { name: createdBy, personId: createdByPerson } = open.actor;
  const row = { ...release, tenantId, createdBy, createdByPerson };
  return (await open.tx.execute(insert, row)) === 1;
}
