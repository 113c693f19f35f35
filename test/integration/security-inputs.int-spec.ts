/**
 * Statements about every input that there is, generated from the OpenAPI document: secrets that somebody puts into a
 * request come out nowhere (36), and each path answers other methods with 405 and those that it has (42).
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OpenAPIObject } from '@nestjs/swagger';
import { newId } from '../../src/kernel/ids.js';
import { Logger } from '../../src/platform/logging/logger.js';
import { type Operation, operationsOf, type Place } from '../isolation/operations.js';
import { withClient } from '../support/database.js';
import { WholeApp } from '../support/whole-app.js';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

let whole: WholeApp;
let document: OpenAPIObject;
const log: string[] = [];
beforeAll(async () => {
  const destination = { write: (line: string) => void log.push(line) };
  const logger = Logger.create({ level: 'debug', format: 'json', destination });
  whole = await WholeApp.start({ logger });
  document = (await (await fetch(`${whole.url}/api/openapi.json`)).json()) as OpenAPIObject;
}, 60_000);
afterAll(() => whole?.close());

let hosts = 0;
/** Each from somewhere else: nobody's budget is used up. */
const nextAddress = () => {
  hosts += 1;
  return `10.${hosts >> 16}.${(hosts >> 8) & 255}.${hosts & 255}`;
};

const filled = (template: string) => template.replace(/\{\w+\}/g, newId());

describe('a path', () => {
  it('answers methods that it does not have with 405 and those that it has', async () => {
    const templates = Object.entries(document.paths).map(([template, item]) => ({
      template,
      fits: new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`),
      methods: METHODS.filter((method) => item[method.toLowerCase() as 'get'] !== undefined),
    }));
    expect(templates.length).toBeGreaterThan(80);
    const faults: string[] = [];
    let asked = 0;
    for (const { template } of templates) {
      const url = filled(template);
      // A path without parameters is itself: /users/invitations is not one of /users/{id}.
      const all = templates.filter((other) =>
        url === template ? other.template === url : other.fits.test(url),
      );
      const has = new Set<string>(all.flatMap(({ methods }) => methods));
      const wanted = [...has, ...(has.has('GET') ? ['HEAD'] : [])].sort().join(', ');
      for (const method of [...METHODS, 'OPTIONS' as const]) {
        if (has.has(method)) continue;
        const answer = await whole.app.inject({ method, url, remoteAddress: nextAddress() });
        const { allow } = answer.headers;
        const told = `${answer.statusCode} ${String(allow)}`;
        asked += 1;
        if (told !== `405 ${wanted}`)
          faults.push(`${method} ${template}: ${told}, not 405 ${wanted}`);
      }
    }
    expect(faults).toEqual([]);
    expect(asked).toBeGreaterThan(300);
  });
});

/** Nested by the names of a way such as `strategy.kind`, `rules.[].clauses`, `labels.*`. */
function withValue(given: unknown, [step, ...rest]: readonly string[], value: unknown): unknown {
  if (step === undefined) return value;
  if (step === '[]') return [withValue((given as unknown[] | undefined)?.[0], rest, value)];
  const before = (typeof given === 'object' && given !== null ? given : {}) as Record<
    string,
    unknown
  >;
  const name = step === '*' ? 'anything' : step;
  return { ...before, [name]: withValue(before[name], rest, value) };
}

interface Sent {
  readonly title: string;
  readonly status: number;
  readonly text: string;
}

/** The operation with this in that place, and what it says. */
async function ask(
  operation: Operation,
  place: Place,
  value: string,
  token: string,
): Promise<Sent> {
  const { method, template, name, contentType, example, words } = operation;
  const isPath = place.where === 'path';
  const path = filled(
    isPath ? template.replace(`{${place.name}}`, encodeURIComponent(value)) : template,
  );
  const query = new URLSearchParams(words);
  if (place.where === 'query') query.set(place.name, value);
  const body = place.where === 'body' ? withValue(example, place.name.split('.'), value) : example;
  const isJson = contentType === 'application/json';
  const answer = await whole.app.inject({
    method: method as 'GET',
    url: query.size > 0 ? `${path}?${query.toString()}` : path,
    remoteAddress: nextAddress(),
    headers: {
      authorization: `Bearer ${token}`,
      ...(place.where === 'header' && { [place.name.toLowerCase()]: value }),
      ...(place.name !== 'If-Match' && { 'if-match': '"1"' }),
    },
    ...(isJson && body !== undefined ? { payload: body as object } : {}),
  });
  return {
    title: `${name} (${place.where} ${place.name})`,
    status: answer.statusCode,
    text: answer.body,
  };
}

/** Fields that hold a secret by their nature; all others are names, and names are told. */
const SECRET =
  /passw|secret|token$|recoveryCode|totp|^code$|credential\.|clientDataJSON|signature/i;

describe('a secret in a request', () => {
  let token: string;
  let operations: Operation[];
  beforeAll(async () => {
    const tenant = await whole.tenant('acme');
    ({ token } = await whole.member(tenant, 'Admin'));
    // What ends the caller's own session, or makes them nobody, comes last.
    const isEnd = ({ template }: Operation) => /logout|end-all/.test(template);
    const all = operationsOf(document);
    operations = [...all.filter((one) => !isEnd(one)), ...all.filter(isEnd)];
  }, 60_000);

  /** Rows of all tables that have such a text somewhere. */
  const rowsWith = (mark: string) =>
    withClient(whole.database.superuser, async (client) => {
      const { rows: tables } = await client.query<{ name: string }>(
        `select oid::regclass::text as name from pg_class
         where relkind = 'r' and relnamespace = 'public'::regnamespace`,
      );
      const found: string[] = [];
      for (const { name } of tables) {
        const { rows } = await client.query<{ row: string }>(
          `select t::text as row from ${name} t where t::text like '%' || $1 || '%'`,
          [mark],
        );
        found.push(...rows.map(({ row }) => `${name}: ${row}`));
      }
      return found;
    });

  it('that looks like one of ours is in no log and no refusal, wherever it was put', async () => {
    const begun = log.length;
    const sent: (Sent & { readonly value: string })[] = [];
    for (const operation of operations) {
      for (const place of operation.places) {
        const value = `tg_${newId().replaceAll('-', '')}cnry`;
        sent.push({ ...(await ask(operation, place, value, token)), value });
      }
    }
    expect(sent.length).toBeGreaterThan(250);
    expect(sent.filter(({ status }) => status < 300).length).toBeGreaterThan(10);
    const told = sent.filter(({ status, text, value }) => status >= 400 && text.includes(value));
    expect(told.map(({ title, text }) => `${title}: ${text}`)).toEqual([]);
    const lines = log.slice(begun).join('\n');
    expect(lines.length).toBeGreaterThan(10_000);
    expect(sent.filter(({ value }) => lines.includes(value)).map(({ title }) => title)).toEqual([]);
  }, 60_000);

  it('that nobody could know as one is in no log, answer or row, wherever a secret belongs', async () => {
    const tenant = await whole.tenant('globex');
    ({ token } = await whole.member(tenant, 'Admin'));
    const begun = log.length;
    const mark = 'quiet brown canary';
    const sent: Sent[] = [];
    for (const operation of operations) {
      for (const place of operation.places.filter(({ name }) => SECRET.test(name))) {
        sent.push(await ask(operation, place, `${mark} ${sent.length}`, token));
      }
    }
    expect(sent.length).toBeGreaterThan(20);
    const me = operations.find(({ name }) => name === 'GET /api/v1/me')!;
    const header: Place = { where: 'header', name: 'Cookie', isRequired: false };
    sent.push(await ask(me, header, `session=${mark}`, mark));
    expect(sent.filter(({ text }) => text.includes(mark))).toEqual([]);
    expect(log.slice(begun).filter((line) => line.includes(mark))).toEqual([]);
    expect(await rowsWith(mark)).toEqual([]);
  }, 60_000);
});
