import { z } from 'zod';
import { text, uuid } from '../../kernel/text.js';
import { passkeyAssertion, passkeyRegistration } from './passkeys.dto.js';
import { RECOVERY_CODES } from './recovery-codes.js';

const NAME_CHARACTERS = 64;
/** Sixteen characters in groups, and some room for how people type. */
const RECOVERY_CODE_CHARACTERS = 40;

export const factorName = text(NAME_CHARACTERS).trim().min(1);
export const totpCode = z.string().regex(/^\d{6}$/, 'must be the six digits that the app shows');
export const recoveryCode = text(RECOVERY_CODE_CHARACTERS).min(1);

export const factorOut = z
  .strictObject({
    id: uuid,
    kind: z.enum(['totp', 'passkey']),
    name: z.string(),
    createdAt: z.iso.datetime(),
    lastUsedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Factor' });

export const mfaOut = z
  .strictObject({
    factors: z.array(factorOut),
    recoveryCodesLeft: z.int(),
    isDemanded: z
      .boolean()
      .meta({ description: 'Whether this tenant requires a second factor of your roles.' }),
  })
  .meta({ id: 'SecondFactors' });

export const beginTotpBody = z
  .strictObject({
    name: factorName.optional().meta({ description: 'For you to tell your apps apart.' }),
  })
  .meta({ id: 'BeginTotp' });

export type BeginTotpBody = z.output<typeof beginTotpBody>;

export const begunTotp = z
  .strictObject({
    id: uuid,
    secret: z
      .string()
      .meta({ description: 'In base32, to be typed into an app. Never shown again.' }),
    uri: z.string().meta({ description: 'What the QR code says.' }),
    qr: z.string().meta({ description: 'The QR code, as a `data:` URL of an SVG image.' }),
  })
  .meta({ id: 'BegunTotp' });

export type BegunTotp = z.output<typeof begunTotp>;

export const confirmTotpBody = z.strictObject({ code: totpCode }).meta({ id: 'ConfirmTotp' });

export type ConfirmTotpBody = z.output<typeof confirmTotpBody>;

export const recoveryCodesOut = z
  .strictObject({
    recoveryCodes: z
      .array(z.string())
      .max(RECOVERY_CODES)
      .nullable()
      .meta({ description: 'Shown only once; null: those that you have go on being good.' }),
  })
  .meta({ id: 'RecoveryCodes' });

export type RecoveryCodesOut = z.output<typeof recoveryCodesOut>;

export const enrolPasskeyBody = z
  .strictObject({
    name: factorName.meta({ description: 'For you to tell your passkeys apart.' }),
    passkey: passkeyRegistration,
  })
  .meta({ id: 'EnrolPasskey' });

export type EnrolPasskeyBody = z.output<typeof enrolPasskeyBody>;

export const enrolledPasskey = recoveryCodesOut
  .extend({ id: uuid })
  .meta({ id: 'EnrolledPasskey' });

export const renamePasskeyBody = z.strictObject({ name: factorName }).meta({ id: 'RenamePasskey' });

export type RenamePasskeyBody = z.output<typeof renamePasskeyBody>;

export const factorParams = z.strictObject({ id: uuid });

export type FactorParams = z.output<typeof factorParams>;

/** Longer than any passphrase; as at the login. */
const PASSWORD_CHARACTERS = 1024;

export const stepUpBody = z
  .strictObject({
    totp: totpCode.optional(),
    passkey: passkeyAssertion.optional(),
    password: text(PASSWORD_CHARACTERS).min(1).optional(),
  })
  .refine((body) => Object.values(body).filter((value) => value !== undefined).length === 1, {
    message: 'must have exactly one of totp, passkey and password',
  })
  .meta({ id: 'StepUp' });

export type StepUpBody = z.output<typeof stepUpBody>;

export const steppedUpOut = z
  .strictObject({
    provedAt: z.iso.datetime(),
    goodUntil: z.iso.datetime().meta({ description: 'Until when routes that demand it are open.' }),
  })
  .meta({ id: 'SteppedUp' });
