/**
 * Makes what goes to the log harmless: secrets are taken out by the names of their fields and by
 * their looks, bodies are left out, control characters become visible text, and everything has an
 * end. A secret under an innocent name is the caller's mistake; this is the second lock.
 */
const REDACTED = '[redacted]';
const DEPTH = 6;
const ENTRIES = 50;
const CHARACTERS = 4_000;

const SECRET_NAME =
  /passw|secret|token(?!s?(id|kind|count)$)|authori[sz]ation|cookie|credential|private-?_?key|api-?_?key|access-?_?key$|signing-?_?key$|^key$|pepper|totp|otp$|^auth$/i;
/** Of those a number may be the secret; under any other name it counts something. */
const SECRET_NUMBER = /passw|passcode|otp|\bpin\b/i;
const BODY_NAME = /^(body|rawBody|payload|parameters|requestBody|responseBody)$/i;

/** Bearer headers, passwords in URLs, JSON web tokens, keys, tokens and signing secrets of ours, PEM private keys. */
const SECRET_LOOKS: readonly (readonly [RegExp, string])[] = [
  [/\b(Bearer|Basic)\s+[\w\-.~+/=]{8,}/gi, `$1 ${REDACTED}`],
  [/([a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@]{0,100}):[^\s@/]+@/gi, `$1:${REDACTED}@`],
  [/\beyJ[\w-]{8,}\.[\w-]+(\.[\w-]*)?/g, REDACTED],
  [/\btg[a-z]{0,3}_[\w-]{16,}/g, REDACTED],
  [/\bwhsec_[\w+/=]{16,}/g, REDACTED],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*-----|$)/g, REDACTED],
];

// C0 (but no tab), DEL, C1 (ANSI escapes), line and paragraph separators, bidirectional overrides.
const CONTROL =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** One text for one log line: no secret that can be told by its looks, no way to forge a line. */
export function cleanText(value: string): string {
  let text = value.length > CHARACTERS ? `${value.slice(0, CHARACTERS)}…` : value;
  for (const [pattern, replacement] of SECRET_LOOKS) text = text.replace(pattern, replacement);
  return text
    .replace(CONTROL, (character) => {
      if (character === '\n') return '\\n';
      return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
    })
    .toWellFormed();
}

/** A copy of the fields that may be printed. */
export function cleanFields(fields: object): Record<string, unknown> {
  return cleanObject(fields, 0);
}

function clean(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`;
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Error) return cleanError(value, depth);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth >= DEPTH) return '[deeper]';
  if (Array.isArray(value)) {
    const items = value.slice(0, ENTRIES).map((item) => clean(item, depth + 1));
    return value.length > ENTRIES ? [...items, `… ${value.length - ENTRIES} more`] : items;
  }
  return cleanObject(value, depth);
}

function cleanObject(value: object, depth: number): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  const names = Object.keys(value);
  for (const name of names.slice(0, ENTRIES)) {
    const member = (value as Record<string, unknown>)[name];
    const printed = cleanText(name);
    if (SECRET_NAME.test(name) && mayBeSecret(name, member)) {
      result[printed] = REDACTED;
    } else if (BODY_NAME.test(name)) {
      result[printed] = '[not logged]';
    } else {
      result[printed] = clean(member, depth + 1);
    }
  }
  if (names.length > ENTRIES) result['…'] = `${names.length - ENTRIES} more`;
  return result;
}

function mayBeSecret(name: string, member: unknown): boolean {
  if (typeof member === 'number') return SECRET_NUMBER.test(name);
  return typeof member !== 'boolean' && member != null;
}

function cleanError(error: Error, depth: number): Record<string, unknown> {
  const { code, kind, constraint } = error as Error & Record<string, unknown>;
  const stack = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    type: cleanText(error.name),
    message: cleanText(error.message),
    ...(typeof code === 'string' ? { code: cleanText(code) } : {}),
    ...(typeof kind === 'string' ? { kind: cleanText(kind) } : {}),
    ...(typeof constraint === 'string' ? { constraint: cleanText(constraint) } : {}),
    stack: stack.slice(0, 20).map((line) => cleanText(line.trim())),
    ...(error.cause !== undefined && depth < DEPTH ? { cause: clean(error.cause, depth + 1) } : {}),
  };
}
