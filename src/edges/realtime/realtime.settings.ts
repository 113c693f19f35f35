import { z } from 'zod';
import { limits } from '../../kernel/limits.js';
import { hotSetting, isAtMost } from '../../platform/settings/hot-setting.js';

const sockets = z.int().min(1).max(limits.socketsPerProcess);

export const socketsPerUser = hotSetting({
  key: 'sockets.per-user',
  schema: sockets,
  default: limits.socketsPerUser,
  example: 10,
  doc: 'Live sockets that one person or key may have open in one process at once. A dashboard takes one for each tab. Sockets that are open stay open.',
  scopes: ['platform', 'tenant'],
  tightens: isAtMost,
});

export const socketsPerTenant = hotSetting({
  key: 'sockets.per-tenant',
  schema: sockets,
  default: limits.socketsPerTenant,
  example: 1_000,
  doc: 'Live sockets that all of a tenant may have open in one process at once.',
  scopes: ['platform', 'tenant'],
  tightens: isAtMost,
});

export const socketsPerAddress = hotSetting({
  key: 'sockets.per-address',
  schema: sockets,
  default: limits.socketsPerAddress,
  example: 400,
  doc: 'Live sockets that may be open from one address (of IPv6 one /64) in one process at once, whoever opens them. An office has one address.',
  scopes: ['platform'],
});
