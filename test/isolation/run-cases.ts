/** Asks for A's things as B's people and machines do, and finds whatever tells them from nobody's. */
import { isDeepStrictEqual } from 'node:util';
import { type Case, casesOf, requestFor, strangerTo, titleOf, toldBy } from './cases.js';
import { ask } from './inhabitant.js';
import type { Operation } from './operations.js';
import { shallow } from './registry.js';
import type { World } from './world.js';

export interface Found {
  readonly asked: number;
  readonly faults: readonly string[];
  /** Cases in which nobody came as far as to have anything looked up: they would prove nothing. */
  readonly unreached: readonly string[];
}

/** Codes of requests that were turned away before anything was looked up. */
const BEFORE = [
  'validation-failed',
  'json-malformed',
  'unsupported-media-type',
  'if-match-required',
  'permission-missing',
  'unauthenticated',
  'step-up-required',
  'people-only',
  'too-many-requests',
  'body-too-large',
  'multipart-malformed',
];

const ofAgents = ({ template }: Operation) => template.startsWith('/api/v1/agent/');
const DOORS = ['login', 'token', 'password-reset'].map((door) => `/api/v1/authentication/${door}`);
export const ofNobody = ({ template }: Operation) => DOORS.includes(template);

export function principalsOf(world: World, operation: Operation): string[] {
  if (ofAgents(operation)) return ['node'];
  if (ofNobody(operation)) return ['nobody'];
  return [...world.principals.keys()].filter((name) => name !== 'node' && name !== 'nobody');
}

/** `lookups`: without giving A's names to things of B. */
export async function runCases(
  world: World,
  operations: readonly Operation[],
  which: 'all' | 'lookups' = 'all',
): Promise<Found> {
  const strangers = new Map<string, string>();
  const faults: string[] = [];
  const unreached: string[] = [];
  let asked = 0;
  for (const each of casesOf(operations)) {
    if (which === 'lookups' && each.named.isNew) continue;
    const theirs = await valueOf(world, each);
    let stranger = strangers.get(theirs);
    if (stranger === undefined) {
      stranger = strangerTo(each.named.kind, theirs, world.a.mark, world.nobody);
      strangers.set(theirs, stranger);
    }
    world.sent.push(theirs);
    const codes: unknown[] = [];
    for (const name of principalsOf(world, each.operation)) {
      const first = await answerTo(world, each, name, theirs);
      const second = await answerTo(world, each, name, stranger);
      asked += 2;
      codes.push(first.code);
      faults.push(...faultsIn(world, each, name, { theirs, first, second }));
    }
    if (shallow[each.operation.name]) continue;
    if (codes.every((code) => BEFORE.includes(String(code)))) {
      unreached.push(
        `${titleOf(each)}: all that was answered is ${[...new Set(codes)].join(', ')}`,
      );
    }
  }
  return { asked, faults, unreached };
}

type Told = Awaited<ReturnType<typeof answerTo>>;

async function answerTo({ whole, b, principals }: World, each: Case, name: string, value: string) {
  const request = await requestFor(each, value, b);
  // What is replaced, or taken back, must have been read before.
  if (request.method === 'PUT' || request.path.includes('/settings/'))
    request.headers = { 'if-match': await tagOf(whole.url, b.token, request.path) };
  const answer = await ask(whole.url, await principals.get(name)!(), request);
  const code = (answer.body as { code?: string } | null)?.code;
  const told = toldBy(answer, value);
  return { answer, code, told: request.method === 'PUT' ? withoutVersion(told) : told };
}

/** What B replaces is its own, and each time that it does so is one version more. */
function withoutVersion({ status, headers, body }: ReturnType<typeof toldBy>) {
  const { etag: _etag, ...others } = headers;
  return { status, headers: others, body: body.replace(/"version":\d+/g, '"version":0') };
}

async function tagOf(url: string, token: string, path: string): Promise<string> {
  const { headers } = await ask(url, token, { method: 'GET', path });
  return headers.get('etag') ?? '"1"';
}

function faultsIn(
  world: World,
  each: Case,
  name: string,
  { theirs, first, second }: { theirs: string; first: Told; second: Told },
): string[] {
  const who = `${titleOf(each)} as ${name}`;
  const faults: string[] = [];
  if (!isDeepStrictEqual(first.told, second.told)) {
    const [here, there] = differences(first.told, second.told);
    faults.push(`${who}: A's is answered ${here}; nobody's ${there}`);
  }
  const { answer } = first;
  // A name that B has given to something of its own is B's from then on.
  const sent = each.named.isNew ? world.sent : [theirs];
  const found = world.traces.in(`${JSON.stringify([...answer.headers])} ${answer.text}`, sent);
  if (found.length > 0) faults.push(`${who}: the answer holds A's ${found.join(', ')}`);
  return faults;
}

/** What is not the same in both, in short. */
function differences(...both: [Told['told'], Told['told']]): [string, string] {
  const flat = ({ status, headers, body }: Told['told']): Record<string, unknown> => ({
    status,
    ...headers,
    body,
  });
  const [one, other] = [flat(both[0]), flat(both[1])];
  const names = Object.keys({ ...one, ...other }).filter((name) => one[name] !== other[name]);
  const shown = (each: Record<string, unknown>) =>
    JSON.stringify(Object.fromEntries(names.map((name) => [name, each[name]]))).slice(0, 600);
  return [shown(one), shown(other)];
}

/** A's own; a cursor is of the list that is asked for. */
async function valueOf({ a }: World, { operation, named }: Case): Promise<string> {
  if (named.kind !== 'cursor') return a.values[named.kind]!;
  const path = operation.places
    .filter(({ where }) => where === 'path')
    .reduce(
      (made, { name }) => made.replace(`{${name}}`, a.values[kindIn(name)]!),
      operation.template,
    );
  const read = async (at: string) =>
    (await a.make('GET', at.replace('/api/v1', ''))).nextCursor as string | null;
  return (await read(`${path}?limit=1`).catch(() => null)) ?? (await read('/modules?limit=1'))!;
}

const kindIn = (name: string) => (name === 'name' ? 'module' : name);
