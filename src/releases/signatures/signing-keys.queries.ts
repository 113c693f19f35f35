import { IsNull } from 'typeorm';
import type { OpenContext } from '../../platform/context.js';
import { signingKeyUnknown } from '../releases.errors.js';
import { SigningKeyEntity } from './signing-key.entity.js';

/**
 * The key that a push names, held against revocation until the transaction ends. A revoked key is as
 * unknown as one that never was. Throws `signing-key-unknown`.
 */
export async function signingKeyFor(
  open: OpenContext,
  key: { readonly id: string } | { readonly name: string },
): Promise<Readonly<SigningKeyEntity>> {
  const found = await open.tx.repository(SigningKeyEntity).findOne({
    where: { ...key, tenantId: open.tenantId, revokedAt: IsNull() },
    lock: { mode: 'pessimistic_read' },
  });
  if (found) return found;
  throw signingKeyUnknown('id' in key ? key.id : key.name);
}
