import { z } from 'zod';
import { text } from '../../kernel/text.js';
import { ONE_TIME_TOKEN_CHARACTERS } from '../auth/one-time-token.js';
import { PASSWORD_CHARACTERS, PASSWORD_LEAST_CHARACTERS } from './password-rules.js';

export const password = text(PASSWORD_CHARACTERS).min(1);
const newPassword = password.meta({
  description: `At least ${PASSWORD_LEAST_CHARACTERS} characters, none of the well known ones, not your own name. There are no other rules.`,
});

export const changePasswordBody = z
  .strictObject({ currentPassword: password, newPassword })
  .meta({ id: 'ChangePassword' });

export const requestResetBody = z
  .strictObject({ email: z.email().max(254) })
  .meta({ id: 'RequestPasswordReset' });

export const confirmResetBody = z
  .strictObject({
    token: text(ONE_TIME_TOKEN_CHARACTERS)
      .min(1)
      .meta({ description: 'What stands behind the `#` of the link.' }),
    newPassword,
  })
  .meta({ id: 'ConfirmPasswordReset' });

export type ChangePasswordBody = z.output<typeof changePasswordBody>;
export type RequestResetBody = z.output<typeof requestResetBody>;
export type ConfirmResetBody = z.output<typeof confirmResetBody>;
