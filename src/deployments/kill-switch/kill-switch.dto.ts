import { z } from 'zod';
import { text } from '../../kernel/text.js';
import type { AnswerOf } from '../../platform/http/answer.js';

export const turnKillSwitch = z
  .strictObject({
    isOn: z.boolean(),
    /** Who finds it turned reads this; it stays in the audit log. */
    reason: text(500).trim().min(1),
  })
  .meta({ id: 'TurnKillSwitch' });
export type TurnKillSwitch = z.output<typeof turnKillSwitch>;

const state = {
  isOn: z.boolean(),
  /** Null, and so are the others: nobody has ever turned it. */
  reason: z.string().nullable(),
  changedBy: z.string().nullable(),
  changedAt: z.iso.datetime().nullable(),
};

export const killSwitchOut = z
  .strictObject({
    level: z.enum(['tenant', 'platform']).meta({
      description: '`platform` in the reserved tenant: it is the one of all tenants then.',
    }),
    ...state,
    /** The platform’s is on: nothing goes forward here either. */
    isHeldByPlatform: z.boolean(),
  })
  .meta({ id: 'KillSwitch' });
export type KillSwitchView = AnswerOf<typeof killSwitchOut>;

export const exampleSwitch = {
  level: 'tenant' as const,
  isOn: true,
  reason: 'The database of orders is being moved.',
  changedBy: 'alice',
  changedAt: '2026-12-01T18:00:00.000Z',
  isHeldByPlatform: false,
};
