import { requestMalformed } from './http.errors.js';

/** More fields than any form of ours has. */
const MOST_FIELDS = 20;

/**
 * A body as OAuth sends it (application/x-www-form-urlencoded): each field once, as RFC 6749 wants it, and
 * nothing that two readers would take for two things.
 */
export function parseUrlForm(body: Uint8Array): Record<string, string> {
  let pairs: [string, string][];
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    pairs = text === '' ? [] : text.split('&').map(pairOf);
  } catch {
    throw requestMalformed();
  }
  const fields = new Map(pairs);
  if (fields.size < pairs.length || pairs.length > MOST_FIELDS) throw requestMalformed();
  if (fields.has('__proto__')) throw requestMalformed();
  return Object.fromEntries(fields);
}

function pairOf(text: string): [string, string] {
  const at = text.indexOf('=');
  const [name, value] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
  return [decoded(name), decoded(value)];
}

/** Throws for what is no proper UTF-8. */
function decoded(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}
