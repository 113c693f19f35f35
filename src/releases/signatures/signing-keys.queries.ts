import type { OpenContext } from '../../platform/context.js';
import { signingKeyUnknown } from '../releases.errors.js';

export interface SigningKeyFacts {
  readonly id: string;
  readonly publicKey: string;
}

/**
 * The key that a push names, held against revocation until the transaction ends. A revoked key is as
 * unknown as one that never was. Throws `signing-key-unknown`.
 */
export async function signingKeyFor(
  open: OpenContext,
  key: { readonly id: string } | { readonly name: string },
): Promise<SigningKeyFacts> {
  const [column, value] = 'id' in key ? ['id', key.id] : ['name', key.name];
  const [found] = await open.tx.query<SigningKeyFacts>(
    `select id, public_key as "publicKey" from signing_keys
     where tenant_id = $1 and ${column} = $2 and revoked_at is null for share`,
    [open.tenantId, value],
  );
  if (found) return found;
  throw signingKeyUnknown(value);
}
