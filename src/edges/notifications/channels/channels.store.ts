/** Channels as the sender and the seed know them. */
import type { OpenContext } from '../../../platform/context.js';
import { insertNew, updateOne } from '../../../platform/database/entity-rows.js';
import { ChannelEntity } from './channel.entity.js';

/** Null: it is gone. */
export function channelRow(open: OpenContext, id: string): Promise<ChannelEntity | null> {
  return open.tx.repository(ChannelEntity).findOneBy({ tenantId: open.tenantId, id });
}

/** Undefined: it is disabled already. */
export function turnOffGone(open: OpenContext, id: string): Promise<ChannelEntity | undefined> {
  const { tenantId } = open;
  const channels = open.tx.repository(ChannelEntity);
  const changes = { isEnabled: false, disabledWhy: 'gone' } as const;
  return updateOne(channels, { tenantId, id, isEnabled: true }, changes);
}

type Seeded = Pick<ChannelEntity, 'id' | 'name' | 'kind' | 'sealedSecrets'>;

/** Where there is one of its name, that stays as it is. */
export async function addSeeded(open: OpenContext, seeded: Seeded): Promise<void> {
  const { tenantId } = open;
  const row = { ...seeded, tenantId, nameKey: seeded.name, params: {} };
  await insertNew(open.tx.repository(ChannelEntity), row);
}
