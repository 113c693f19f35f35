import { withoutTokens } from '../../kernel/text.js';

/** Instead of what nobody but the module should read. */
export const MASKED = '[masked]';

export type Mask = (text: string) => string;

/** Names of variables whose values are secrets more often than not. */
const SECRET_NAME =
  /pass|pwd|secret|token|key|credential|auth|private|cert|salt|dsn|cookie|session|signature/i;
/** Words that stand everywhere: a log without them could not be read, and they give nothing away. */
const COMMON = /^(true|false|yes|no|on|off|none|null|undefined|enabled|disabled|default|\d{1,5})$/i;
const LEAST_CHARACTERS = 4;
const URL_PASSWORD = /^[a-z][a-z0-9+.-]{0,20}:\/\/[^\s/@:]{0,200}:([^\s/@]{1,500})@/i;

/** Forms of secrets, whoever they belong to. */
const FORMS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]*(-----END [A-Z ]{0,40}PRIVATE KEY-----)?/g, MASKED],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, MASKED],
  [/\b(bearer|basic) {1,3}[\w.~+/=-]{8,}/gi, `$1 ${MASKED}`],
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/[^\s/@:]{0,200}:)[^\s/@]{1,500}@/gi, `$1${MASKED}@`],
  [
    /\b(\w{0,40}(?:password|passwd|secret|token|api_?key))(["']? ?[=:] ?["']?)[^\s"',;&]{4,}/gi,
    `$1$2${MASKED}`,
  ],
];

/**
 * Takes out of a text what looks like a secret: values of the module's own environment by their names,
 * also as URLs, JSON and Base64 write them; what is said to be a secret in any case (`own`); and what
 * has the form of one. It cannot know a secret whose name does not tell.
 */
export function maskOf(
  environment: Readonly<Record<string, string>>,
  own: readonly string[] = [],
): Mask {
  const values = Object.entries(environment).flatMap(([name, value]) => secretsIn(name, value));
  const written = [...new Set([...values, ...own].flatMap(formsOf))];
  // A secret that holds another one goes first.
  const secrets = written.sort((a, b) => b.length - a.length);
  return (text) => {
    const without = secrets.reduce((rest, secret) => rest.replaceAll(secret, MASKED), text);
    return FORMS.reduce((rest, [form, by]) => rest.replace(form, by), withoutTokens(without));
  };
}

function secretsIn(name: string, value: string): string[] {
  const password = URL_PASSWORD.exec(value)?.[1];
  const passwords = password === undefined ? [] : [password, decoded(password)];
  if (!SECRET_NAME.test(name)) return passwords.filter(isTelling);
  // Of a key in several lines each line: a log has them one by one.
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  return [value, ...lines, ...passwords].filter(isTelling);
}

function isTelling(value: string): boolean {
  return value.length >= LEAST_CHARACTERS && !COMMON.test(value);
}

function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const json = JSON.stringify(secret).slice(1, -1);
  const base64 = [bytes.toString('base64'), bytes.toString('base64url')];
  return [secret, json, encodeURIComponent(secret.toWellFormed()), ...base64].filter(isTelling);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
