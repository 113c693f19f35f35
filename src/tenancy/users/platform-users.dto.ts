import { z } from 'zod';
import { text } from '../../kernel/text.js';
import type { AnswerOf } from '../../platform/http/answer.js';
import { usersQuery } from './users.dto.js';

export const accountsQuery = usersQuery.omit({ role: true, sort: true });

export const accountOut = z
  .strictObject({
    id: z.uuid(),
    username: z.string(),
    email: z.string().nullable(),
    displayName: z.string().nullable(),
    isDisabled: z.boolean(),
    hasPassword: z.boolean().meta({ description: 'False: they sign in elsewhere.' }),
    tenants: z.array(z.string()).meta({ description: 'Slugs of those they are a member of.' }),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Account' });

export const setEmailBody = z
  .strictObject({
    email: z.email().max(254).nullable().meta({ description: 'Null takes it away.' }),
  })
  .meta({ id: 'SetAccountEmail' });

const REASON_CHARACTERS = 500;

export const resetFactorsBody = z
  .strictObject({
    reason: text(REASON_CHARACTERS)
      .trim()
      .min(1)
      .meta({ description: 'Why, for the audit log: how you know that it is they.' }),
  })
  .meta({ id: 'ResetAccountFactors' });

export type AccountsQuery = z.output<typeof accountsQuery>;
export type ResetFactorsBody = z.output<typeof resetFactorsBody>;
export type SetEmailBody = z.output<typeof setEmailBody>;
export type AccountView = AnswerOf<typeof accountOut>;
