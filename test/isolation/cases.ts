/** Each place of each operation at which something can be named, as a request; and what its answer tells. */
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { newId } from '../../src/kernel/ids.js';
import { publicKeyText } from '../../src/kernel/signature.js';
import { releaseForm, someArtifact } from '../support/release-form.js';
import type { Answered, Asked, Inhabitant } from './inhabitant.js';
import type { Operation, Place } from './operations.js';
import { completions, exemptions, namedBy, type Named } from './registry.js';

export interface Case {
  readonly operation: Operation;
  readonly place: Place;
  readonly named: Named;
}

export const titleOf = ({ operation, place, named }: Case) =>
  `${operation.name} (${place.where} ${place.name}: ${named.kind})`;

/** First those that look something up; then those that give a name, which is taken afterwards. */
export function casesOf(operations: readonly Operation[]): Case[] {
  const all = operations
    .filter(({ name }) => exemptions[name] === undefined)
    .flatMap((operation) =>
      operation.places.flatMap((place) =>
        (namedBy(operation, place) ?? []).map((named) => ({ operation, place, named })),
      ),
    );
  return [...all.filter(({ named }) => !named.isNew), ...all.filter(({ named }) => named.isNew)];
}

/** Of the same form and as long, and nobody's. */
export function strangerTo(kind: string, value: string, mark: string, nobody: string): string {
  if (/^[0-9a-f]{8}-/.test(value)) return newId();
  if (value.startsWith('sha256:')) return `sha256:${randomBytes(32).toString('hex')}`;
  if (value.includes(mark)) return value.replaceAll(mark, nobody);
  if (/^member-\d+$/.test(value)) return value.replace(/.$/, 'x');
  if (kind === 'publicKey') return publicKeyText(generateKeyPairSync('ed25519').publicKey);
  if (kind === 'cursor') return sameMoment(value);
  const bytes = randomBytes(value.length);
  const isHex = /^[0-9a-f]+$/.test(value);
  return bytes.toString(isHex ? 'hex' : 'base64url').slice(0, value.length);
}

/** A cursor of the same list at the same moment, after the id of nobody. */
function sameMoment(cursor: string): string {
  const [hash, id, ...value] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as string[];
  const other = id!.slice(0, -12) + randomBytes(6).toString('hex');
  return Buffer.from(JSON.stringify([hash, other, ...value])).toString('base64url');
}

const required: Readonly<Record<string, () => string>> = {
  after: () => '0',
  waitMs: () => '0',
  nonce: () => randomUUID(),
};

/** A request of B's that names only what is its own, but for one place. */
export async function requestFor(each: Case, value: string, own: Inhabitant): Promise<Asked> {
  const { operation, place } = each;
  const { method, places } = operation;
  let path = operation.template;
  const query = new URLSearchParams(operation.words);
  const headers: Record<string, string> = {};
  for (const at of places) {
    if (at.where === 'path') {
      path = path.replace(`{${at.name}}`, encodeURIComponent(valueAt(each, at, value, own)!));
    }
    if (at.where === 'query' && (at === place || at.isRequired)) {
      query.set(at.name, at === place ? value : required[at.name]!());
    }
    if (at.where === 'header' && at === place) headers[at.name.toLowerCase()] = value;
  }
  const asked = { method, path: query.size > 0 ? `${path}?${query.toString()}` : path, headers };
  if (!operation.contentType) return asked;
  const body = bodyOf(each, (at) => valueAt(each, at, value, own));
  if (!operation.contentType.startsWith('multipart/')) return { ...asked, body };
  return { ...asked, body: await formOf(body as Record<string, string>) };
}

function valueAt(each: Case, at: Place, value: string, own: Inhabitant): string | undefined {
  if (at === each.place) return value;
  const [named] = namedBy(each.operation, at) ?? [];
  return named && (named.isNew ? own.newName(named.kind) : own.values[named.kind]);
}

/** The document's own example, with what is B's in place of what it names. */
function bodyOf({ operation, place, named }: Case, valueOf: (at: Place) => string | undefined) {
  const body = structuredClone(operation.example ?? {}) as Fields;
  const more = { ...completions[operation.name], ...named.set };
  for (const [name, value] of Object.entries(more)) write(body, name, value, true);
  for (const at of operation.places) {
    const value = at.where === 'body' ? valueOf(at) : undefined;
    if (value !== undefined) write(body, at.name, value, at === place);
  }
  for (const name of named.drop ?? []) drop(body, name);
  return body;
}

type Fields = Record<string, unknown>;

/** Writes where something stands already; where nothing does, only if it must be. */
function write(into: Fields, name: string, value: unknown, isForced: boolean): void {
  const way = name.split('.');
  let at = into;
  for (const [index, raw] of way.entries()) {
    const step = raw === '[]' ? '0' : raw;
    if ((at[step] ?? null) === null && !isForced) return;
    if (index === way.length - 1) at[step] = value;
    else at = (at[step] ??= way[index + 1] === '[]' ? [] : {}) as Fields;
  }
}

function drop(from: Fields, name: string): void {
  const way = name.split('.');
  const last = way.pop()!;
  let at: Fields | undefined = from;
  for (const step of way) at = at?.[step] as Fields | undefined;
  if (at) delete at[last];
}

async function formOf({ version, ...fields }: Record<string, string>): Promise<FormData> {
  const { bytes } = await someArtifact('the code of B');
  const more = Object.entries(fields).filter(([name]) => !['manifest', 'artifact'].includes(name));
  return releaseForm({ version: version!, artifact: bytes, more });
}

const UUIDS = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g;
const TIMES = /\d{4}-\d\d-\d\dT[\d:.]+Z/g;
/** Of the connection and of this one answer, and how much of the asker's own budget is left. */
const FLEETING = [
  'date',
  'x-request-id',
  'traceparent',
  'connection',
  'keep-alive',
  'x-ratelimit-limit',
  'x-ratelimit-remaining',
  'x-ratelimit-reset',
];

/** What an answer tells, without what differs from one to the next: who asked, when, and what was sent. */
export function toldBy({ status, headers, text }: Answered, sent: string) {
  const plain = (told: string) =>
    told
      .replaceAll(encodeURIComponent(sent), '<sent>')
      .replaceAll(sent, '<sent>')
      .replaceAll(/\btg[a-z]?_[\w.-]+/g, '<secret>')
      .replaceAll(/\bwhsec_[\w+/=]+/g, '<secret>')
      .replaceAll(/\b[A-Z2-7]{32}\b/g, '<secret>')
      .replaceAll(/tidegate-domain=[0-9a-f]{32}/g, '<record>')
      .replaceAll(/data:image[^"]+/g, '<picture>')
      .replaceAll(/fresh-\d{6}/g, '<new>')
      .replaceAll(/"publicKey":"[\w-]{43}"/g, '<new>')
      // What is changed has another version after each of two.
      .replaceAll(/"version":\d+/g, '<version>')
      .replaceAll(/^"\d+"$/g, '<version>')
      .replaceAll(UUIDS, '<id>')
      .replaceAll(TIMES, '<time>');
  // What is granted is as long as what was made of it.
  const fleeting = status < 300 ? [...FLEETING, 'content-length'] : FLEETING;
  const kept = [...headers].filter(([name]) => !fleeting.includes(name));
  return {
    status,
    headers: Object.fromEntries(kept.map(([name, value]) => [name, plain(value)])),
    body: plain(text),
  };
}
