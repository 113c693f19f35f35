/** The whole API to somebody who may only enrol: every route, the sockets, the command line. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { OpenAPIObject } from '@nestjs/swagger';
import { generateSync } from 'otplib';
import { runCli } from '../../src/apps/cli/program.js';
import { readCliEnvironment } from '../../src/apps/cli/session/cli-environment.js';
import { newId } from '../../src/kernel/ids.js';
import { Database } from '../../src/platform/database/database.js';
import { Standings } from '../../src/tenancy/permissions/standings.js';
import { HubClient } from '../support/hub-client.js';
import { WholeApp, type Member } from '../support/whole-app.js';

const CUT_MS = 5_000;
/** For a machine that does something else, too. */
const SLOW_MS = 10_000;

let whole: WholeApp;
let folder: string;
beforeAll(async () => {
  whole = await WholeApp.start();
  folder = await mkdtemp(join(tmpdir(), 'tidegate-factors-'));
});
afterAll(async () => {
  await whole?.close();
  await rm(folder, { recursive: true, force: true });
});

interface Rules {
  readonly roles?: readonly string[];
  readonly networks?: readonly string[];
}

const demand = (tenantId: string, { roles = [], networks = [] }: Rules) =>
  whole.inTenant(tenantId, ({ tx }) =>
    tx.execute(
      `insert into tenant_security (tenant_id, mfa_required_roles, allowed_networks)
       values ($1, $2, $3)`,
      [tenantId, roles, networks],
    ),
  );

/** An Admin whose tenant requires a second factor of Admins. */
async function enrolOnly(): Promise<Member> {
  const tenantId = await whole.tenant(`t-${newId()}`);
  await demand(tenantId, { roles: ['Admin'] });
  return whole.member(tenantId, 'Admin');
}

/** What an enrolment needs, and nothing else. Whoever adds a line here says why it is harmless. */
const OPEN = [
  'GET /api/v1/authentication/me',
  'POST /api/v1/authentication/browser/logout',
  'POST /api/v1/authentication/logout',
  'POST /api/v1/authentication/step-up',
  'POST /api/v1/authentication/step-up/passkey/options',
  'GET /api/v1/me/mfa',
  'POST /api/v1/me/mfa/totp',
  'POST /api/v1/me/mfa/totp/confirm',
  'GET /api/v1/me/passkeys',
  'POST /api/v1/me/passkeys',
  'POST /api/v1/me/passkeys/options',
  // The factor of whoever signs in at a provider is shown there.
  'POST /api/v1/me/identities/{id}/prove',
  'POST /api/v1/me/identities/complete',
];

interface Operation {
  readonly name: string;
  readonly method: string;
  readonly path: string;
}

async function closedOperations(): Promise<Operation[]> {
  const document = (await (await fetch(`${whole.url}/api/openapi.json`)).json()) as OpenAPIObject;
  return Object.entries(document.paths).flatMap(([path, item]) =>
    (['get', 'post', 'put', 'patch', 'delete'] as const).flatMap((verb) => {
      const operation = item[verb];
      const isPublic = operation?.security?.length === 0;
      if (!operation || isPublic) return [];
      const method = verb.toUpperCase();
      return [{ name: `${method} ${path}`, method, path: path.replace(/\{\w+\}/g, newId()) }];
    }),
  );
}

async function codeOf(operation: Operation, token: string): Promise<string> {
  const { method, path } = operation;
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${whole.url}${path}`, { method, headers });
  const text = await answer.text();
  return answer.ok ? 'ok' : `${answer.status} ${(JSON.parse(text) as { code: string }).code}`;
}

describe('a session that may only enrol', () => {
  it('opens nothing else, of all routes that there are', async () => {
    const { token } = await enrolOnly();
    const operations = await closedOperations();
    expect(OPEN.filter((name) => !operations.some((each) => each.name === name))).toEqual([]);
    const closed = operations.filter(({ name }) => !OPEN.includes(name));
    const wrong: string[] = [];
    for (const operation of closed) {
      const code = await codeOf(operation, token);
      // Nodes and directories have doors of their own, which no person's token opens.
      const isRight =
        code === '403 mfa-enrollment-required' ||
        (code.startsWith('401 ') && /^\/(api\/v1\/agent|scim\/v2)\//.test(operation.path));
      if (!isRight) wrong.push(`${operation.name}: ${code}`);
    }
    expect(wrong).toEqual([]);
    expect(closed.length).toBeGreaterThan(40);
  }, 60_000);

  it('opens no socket, and one that is open is cut when the tenant begins to demand it', async () => {
    const { token } = await enrolOnly();
    const refused = new HubClient(whole.socket({ token })).connect();
    await expect(refused).rejects.toMatchObject({ data: { code: 'mfa-enrollment-required' } });

    const cut = async (rules: Rules) => {
      const tenantId = await whole.tenant(`t-${newId()}`);
      const member = await whole.member(tenantId);
      const client = await new HubClient(whole.socket({ token: member.token })).connect();
      const gone = client.disconnected();
      const began = performance.now();
      await demand(tenantId, rules);
      expect(await gone).toBe('io server disconnect');
      expect(performance.now() - began).toBeLessThan(CUT_MS + SLOW_MS);
      return new HubClient(whole.socket({ token: member.token })).connect();
    };
    const ends = await Promise.allSettled([
      cut({ roles: ['Viewer'] }),
      cut({ networks: ['203.0.113.0/24'] }),
    ]);
    expect(ends).toMatchObject([
      { status: 'rejected', reason: { data: { code: 'mfa-enrollment-required' } } },
      { status: 'rejected', reason: { data: { code: 'network-not-allowed' } } },
    ]);
  }, 60_000);
});

describe('the command line', () => {
  let username: string;
  let secret: string;

  /** With a terminal: each question is answered with the next of these. */
  async function run(words: string[], answers: (() => string)[] = []) {
    const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    let asked = '';
    const left = [...answers];
    stderr.on('data', (chunk) => {
      asked += String(chunk);
      if (/: $/.test(String(chunk)) && left.length > 0) stdin.write(`${left.shift()!()}\n`);
    });
    const exitCode = await runCli(words, {
      streams: { stdin, stdout, stderr },
      environment: readCliEnvironment({ XDG_CONFIG_HOME: folder }),
      version: '0.0.0',
      onInterrupt: () => () => undefined,
    });
    return { exitCode, stdout: String((stdout.read() as Buffer | null) ?? ''), asked };
  }
  const password = () => `the password of ${username}`;
  const epoch = (steps = 0) => Math.floor(Date.now() / 1000) + 30 * steps;
  const code = (steps = 0) => generateSync({ secret, epoch: epoch(steps) });
  /** As if five minutes had passed. */
  const age = async () => {
    const sessions = await whole.get(Database).system((tx) =>
      tx.query<{ userId: string; tenantId: string; sessionId: string }>(
        `update credentials set data = jsonb_set(data, '{signIn,provedAt}', '0')
         where kind = 'refresh' and subject_id = (select id from users where username = $1)
         returning subject_id as "userId", tenant_id as "tenantId", hash as "sessionId"`,
        [username],
      ),
    );
    for (const session of sessions) whole.get(Standings).forget(session);
  };

  it('enrols an app, asks for its code at the sign-in and when a command needs a proof', async () => {
    ({ username } = await enrolOnly());
    const login = ['login', '--server', whole.url, '--username', username];
    expect((await run(login, [password])).exitCode).toBe(0);
    const refused = await run(['environments', 'list']);
    expect([refused.exitCode, refused.asked]).toEqual([
      2,
      expect.stringContaining('tidegate mfa enrol-totp'),
    ]);

    const begun = await run(['mfa', 'enrol-totp', '--name', 'phone', '--json']);
    ({ secret } = JSON.parse(begun.stdout) as { secret: string });
    const confirmed = await run(['mfa', 'confirm', code(-1)]);
    expect(confirmed.stdout).toMatch(/Recovery codes[^]*(\w{4}-\w{4}-\w{4}-\w{4}\s+){10}/);
    const recovery = /\w{4}-\w{4}-\w{4}-\w{4}/.exec(confirmed.stdout)![0];
    expect((await run(['environments', 'list'])).exitCode).toBe(0);
    expect((await run(['mfa', 'status'])).stdout).toContain('phone');

    const again = await run(login, [password, () => code()]);
    expect([again.exitCode, again.asked]).toEqual([
      0,
      expect.stringContaining('Code of your authenticator app'),
    ]);
    expect((await run([...login, '--recovery-code', recovery], [password])).exitCode).toBe(0);

    await age();
    const set = ['security', 'set', '--mfa-roles', 'Admin'];
    const stepped = await run(set, [() => code(1)]);
    expect(stepped).toMatchObject({
      exitCode: 0,
      asked: expect.stringContaining('Code of your authenticator app: '),
      stdout: expect.stringContaining('second factor  Admin'),
    });
    await age();
    const wrong = await run(set, [() => code(1)]);
    expect([wrong.exitCode, wrong.asked]).toEqual([2, expect.stringContaining('factor-refused')]);
    const out = await run(['security', 'show', '--json']);
    expect(JSON.parse(out.stdout)).toMatchObject({ mfaRequiredRoles: ['Admin'], version: 2 });
  }, 60_000);
});
