/** Access keys in every header, query, path and body: none comes out again anywhere (statement 36). */
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '../../src/platform/logging/logger.js';
import { newKeyText } from '../../src/tenancy/access-keys/key-text.js';
import { type IdentityApp, identityApp } from '../support/identity-app.js';
import { KeyPeople, type Person } from '../support/key-people.js';

const log: string[] = [];
const destination = new Writable({
  write: (chunk: Buffer, _encoding, done) => {
    log.push(chunk.toString());
    done();
  },
});

let rig: IdentityApp;
let maker: Person;
let good: string;
let server: string;
let routes: { method: string; path: string }[];
beforeAll(async () => {
  rig = await identityApp({
    logger: Logger.create({ level: 'trace', format: 'json', destination }),
  });
  maker = await new KeyPeople(rig).person('Admin');
  // Over a real connection: what is refused before its body is read ends with it.
  await rig.app.listen(0, '127.0.0.1');
  server = await rig.app.getUrl();
  good = (await maker.make({ permissions: 'admin' })).body.secret as string;
  const { paths } = (await rig.send('/api/openapi.json')).body as {
    paths: Record<string, Record<string, unknown>>;
  };
  routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
  );
}, 180_000);
afterAll(() => rig.close());

/** Good, made up, and misspelt: whatever it is, it is somebody's secret. */
const canaries = () => [good, newKeyText(), `${good.slice(0, -1)}-`];
const textOf = (payload: string | object) =>
  typeof payload === 'string' ? payload : JSON.stringify(payload);
const HEADERS = [
  'x-request-id',
  'x-tenant',
  'x-act-as-reason',
  'idempotency-key',
  'if-match',
  'user-agent',
  'traceparent',
  'cookie',
  'accept',
  'content-type',
  'x-forwarded-for',
];

describe('an access key in the wrong place', () => {
  it('is in no answer and no line of the log', async () => {
    expect(routes.length).toBeGreaterThan(20);
    const found: string[] = [];
    for (const { method, path } of routes) {
      for (const key of canaries()) {
        const asked = [
          { headers: Object.fromEntries(HEADERS.map((name) => [name, key])), payload: {} },
          { headers: { authorization: `Basic ${key}` }, payload: { [key]: key, name: key } },
          { headers: { authorization: `Bearer ${maker.token}` }, payload: { name: key, x: [key] } },
          { headers: { authorization: `Bearer ${good}` }, payload: `{"${key}` },
          {
            headers: { authorization: `Bearer ${key}` },
            payload: { username: key, password: key },
          },
        ];
        const url = `${path.replace(/\{\w+\}/g, key)}?cursor=${key}&${key}=${key}`;
        for (const { headers, payload } of asked) {
          const response = await fetch(server + url, {
            method,
            headers: { 'content-type': 'application/json', ...headers },
            ...(method === 'GET' ? {} : { body: textOf(payload) }),
          });
          const { status: statusCode } = response;
          const told = [...response.headers];
          const body = await response.text();
          const answer = JSON.stringify(told) + body;
          if (answer.includes(key.slice(3, -1)))
            found.push(`${method} ${path} ${statusCode} ${body}`);
        }
      }
    }
    expect(found).toEqual([]);
    expect(log.length).toBeGreaterThan(100);
    // Of the key that is good its name and the first eight of its characters may be seen.
    expect(log.filter((line) => /tg_[0-9A-Za-z]{12}/.test(line))).toEqual([]);
    const audit = await new KeyPeople(rig).sql('select body_text, actor from audit_entries');
    expect(JSON.stringify(audit)).not.toMatch(/tg_[0-9A-Za-z]{12}/);
  }, 180_000);
});
