/** Codes of authenticator apps (RFC 6238): SHA-1, six digits, 30 seconds, which all of them can do. */
import { generateSecret, generateURI, verifySync } from 'otplib';

export const TOTP_SECONDS = 30;
/** What the clock of a phone may be off, and how long typing takes: one step before and after. */
const TOLERANCE_SECONDS = TOTP_SECONDS;
const SECRET_BYTES = 20;

export const TOTP_CODE = /^\d{6}$/;

/** In base32, as apps take it. */
export function newTotpSecret(): string {
  return generateSecret({ length: SECRET_BYTES });
}

/** What a QR code says to an app. */
export function totpUri(secret: string, issuer: string, label: string): string {
  return generateURI({ issuer, label, secret });
}

/** The step whose code it is; null: of none that counts now. `now` in ms since the epoch. */
export function stepOfCode(secret: string, code: string, now: number): number | null {
  if (!TOTP_CODE.test(code)) return null;
  const epoch = Math.floor(now / 1000);
  const checked = verifySync({ secret, token: code, epoch, epochTolerance: TOLERANCE_SECONDS });
  return checked.valid && 'timeStep' in checked ? checked.timeStep : null;
}
