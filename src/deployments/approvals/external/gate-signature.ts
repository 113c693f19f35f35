/**
 * How a gate and Tidegate know each other: Standard Webhooks. Both ways, `webhook-signature` is `v1,` and
 * base64 of HMAC-SHA-256 over `<webhook-id>.<webhook-timestamp>.<body>`, with the secret's own text as the
 * key. Pure; the clock is the caller's.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Either side's clock may be off by so much; an older message is a replay, or useless. */
export const TOLERANCE_MS = 5 * 60_000;
const SECRET_BYTES = 32;
/** Some send one for each of several secrets while they change them. */
const MOST_SIGNATURES = 5;

export interface SignedMessage {
  readonly id: string;
  /** Seconds since the epoch, in digits. */
  readonly timestamp: string;
  readonly body: Uint8Array | string;
}

/** `tgx_` and 256 random bits: scanners of logs and repositories find it. */
export function newGateSecret(): string {
  return `tgx_${randomBytes(SECRET_BYTES).toString('base64url')}`;
}

export function signatureOf(message: SignedMessage, secret: string): string {
  return `v1,${macOf(message, secret).toString('base64')}`;
}

export function headersOf(message: SignedMessage, secret: string): Record<string, string> {
  return {
    'webhook-id': message.id,
    'webhook-timestamp': message.timestamp,
    'webhook-signature': signatureOf(message, secret),
  };
}

export const timestampOf = (nowMs: number) => String(Math.floor(nowMs / 1_000));

/** `signatures`: of the header, parted by spaces. False for whatever is not right, and not when. */
export function isSignedBy(secret: string, message: SignedMessage, signatures: string): boolean {
  const expected = macOf(message, secret);
  let isGood = false;
  for (const one of signatures.split(' ').slice(0, MOST_SIGNATURES)) {
    const given = Buffer.from(one.startsWith('v1,') ? one.slice(3) : '', 'base64');
    if (given.length === expected.length && timingSafeEqual(given, expected)) isGood = true;
  }
  return isGood;
}

export function isTimely({ timestamp }: SignedMessage, nowMs: number): boolean {
  if (!/^\d{9,12}$/.test(timestamp)) return false;
  return Math.abs(Number(timestamp) * 1_000 - nowMs) <= TOLERANCE_MS;
}

function macOf({ id, timestamp, body }: SignedMessage, secret: string): Buffer {
  return createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(body).digest();
}
