import { z } from 'zod';
import { limits } from '../../kernel/limits.js';
import { hotSetting, isAtMost } from '../../platform/settings/hot-setting.js';

export const onConflict = hotSetting({
  key: 'deployments.on-conflict',
  schema: z.enum(['queue', 'supersede', 'reject']),
  default: 'queue',
  example: 'supersede',
  doc: 'What a newer deployment of the same module does about an active one, in environments whose own rule (`onConflict`) is `inherit`: that rule is the level of the environment.',
  scopes: ['platform', 'tenant'],
});

export const queuedPerSlot = hotSetting({
  key: 'deployments.queued-per-slot',
  schema: z.int().min(1).max(1_000),
  default: limits.queuedPerSlot,
  example: 20,
  doc: 'Deployments of one module that may wait for their turn on one cluster. Rollbacks have as many places of their own, and are never refused for the others.',
  scopes: ['platform', 'tenant', 'environment'],
  tightens: isAtMost,
});
