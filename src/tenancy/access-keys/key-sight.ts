/** Who sees which keys. What somebody may not see is not found. */
import { Permission } from '../../kernel/permission.js';
import type { Context } from '../../platform/context.js';
import type { AccessKeyEntity } from './access-key.entity.js';
import type { KeysSeen } from './access-keys.views.js';

type Seen = Pick<AccessKeyEntity, 'id' | 'ownerKind' | 'ownerId'>;

/** People see their own; a key sees itself alone, so that whoever has found one learns of no other. */
export function seenBy(ctx: Context): KeysSeen {
  const { kind, id } = ctx.actor;
  return {
    isAll: ctx.can(Permission.AccessKeysManage),
    personId: kind === 'user' ? id : null,
    accounts: ctx.can(Permission.ServiceAccountsManage),
    keyId: kind === 'access-key' ? id : null,
  };
}

export function maySeeKey(ctx: Context, key: Seen): boolean {
  const { isAll, personId, accounts, keyId } = seenBy(ctx);
  if (isAll || key.id === keyId) return true;
  return key.ownerKind === 'user' ? key.ownerId === personId : accounts;
}

/** Whoever gets the new secret acts as its owner: the person, or those who manage service accounts. */
export function isOwnKey(ctx: Context, key: Seen): boolean {
  if (key.ownerKind === 'user') return key.ownerId === ctx.actor.id;
  return ctx.can(Permission.ServiceAccountsManage);
}
