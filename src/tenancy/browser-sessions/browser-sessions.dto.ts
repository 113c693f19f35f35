import { z } from 'zod';
import { signedInUser } from '../auth/authentication.dto.js';

export const browserSessionOut = z
  .strictObject({
    user: signedInUser,
    expiresAt: z.iso.datetime().meta({ description: 'When one has to sign in again.' }),
    recoveryCodesLeft: z
      .int()
      .optional()
      .meta({ description: 'After a sign-in with a recovery code: how many are left.' }),
  })
  .meta({ id: 'BrowserSession' });
