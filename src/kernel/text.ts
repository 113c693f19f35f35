import { z } from 'zod';

/** Any text a client sends. U+0000 is refused here, once: jsonb cannot hold it. */
export const text = (maxCharacters: number) =>
  z
    .string()
    .max(maxCharacters)
    .refine((value) => !value.includes('\u0000') && value.isWellFormed(), {
      message: 'must not contain U+0000 or lone surrogates',
    });

/** A DNS label: tenant slugs, module, cluster and node names. Immutable once given. */
export const dnsLabel = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be a DNS label: a-z, 0-9 and -, at most 63');

export const releaseVersion = z
  .string()
  .regex(/^[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}$/, 'must be 1 to 64 of 0-9 A-Z a-z . + _ -')
  .refine((value) => value !== 'latest', { message: '"latest" is not a version' });

export const digest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hex digits');

export const uuid = z
  .string()
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'must be a lower-case UUID');

const HARMFUL = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** Makes what came from elsewhere harmless in a terminal or a log line. */
export function printable(value: string): string {
  // C0, DEL, C1 (ANSI escapes among them), line and paragraph separators, bidirectional overrides.
  return value.replace(HARMFUL, '\ufffd');
}

/** Access keys, refresh and enrolment tokens, wherever in a text. */
const TOKEN = /tg[a-z]{0,3}_[\w-]{16,}/g;

/** For whatever tells a caller what they have sent: answers are kept in logs and tickets. */
export function withoutTokens(value: string): string {
  return value.replace(TOKEN, '[redacted]');
}
