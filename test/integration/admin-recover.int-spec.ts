/** The way back into a tenant without an Admin, beside a server that runs and without one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSync } from 'otplib';
import { Config } from '../../src/platform/config/config.js';
import { Logger } from '../../src/platform/logging/logger.js';
import { startApi } from '../../src/apps/api/start-api.js';
import { Client } from '../support/client.js';

const FIRST = 'the first admin of all';
const GIVEN = 'five boats on a green lake';

let home: string;
let environment: Record<string, string>;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'tidegate-recover-'));
  environment = {
    TIDEGATE_HOME: home,
    TIDEGATE_LISTEN: '127.0.0.1:0',
    TIDEGATE_ADMIN_PASSWORD: FIRST,
    TIDEGATE_LOG_LEVEL: 'silent',
  };
});
afterAll(() => rm(home, { recursive: true, force: true }));

async function admin(words: readonly string[], input = '') {
  const child = spawn(
    process.execPath,
    ['--import', './test/support/register-typescript.mjs', 'src/apps/admin/main.ts', ...words],
    { env: { PATH: process.env['PATH'], ...environment } },
  );
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  return { code: code as number, output };
}

const recover = (username: string, ...more: string[]) =>
  admin(['recover', '--username', username, '--tenant', 'default', ...more], `${GIVEN}\n`);

/** An authenticator app's secret and one recovery code. */
async function enrol(client: Client): Promise<{ secret: string; recoveryCode: string }> {
  const { secret } = (await client.post('/me/mfa/totp', { name: 'phone' })).body;
  const confirmed = await client.post('/me/mfa/totp/confirm', { code: generateSync({ secret }) });
  if (confirmed.status !== 200) throw new Error(JSON.stringify(confirmed.body));
  return { secret, recoveryCode: confirmed.body.recoveryCodes[0] };
}

const rolesOf = async (client: Client) =>
  (await client.get('/authentication/me')).body.roles as string[];

describe('admin recover', () => {
  it('gives a tenant its Admin back, while the server runs and while it does not', async () => {
    const start = () => startApi(Config.read(environment), Logger.silent());
    const urlOf = (ready: string) => /http:\S+/.exec(ready)![0];
    const first = await start();
    try {
      const url = urlOf(first.ready);
      await Client.login(url, 'admin', FIRST);
      const done = await recover('admin');
      expect(done).toEqual({
        code: 0,
        output: expect.stringMatching(/admin is Admin of "default"\.\nSessions that ended: 1\./),
      });
      const password = /^Password: (\S+)$/m.exec(done.output)![1]!;
      await expect(Client.login(url, 'admin', FIRST)).rejects.toThrow();
      expect(await rolesOf(await Client.login(url, 'admin', password))).toContain('Admin');
    } finally {
      await first.stop();
    }
    const made = await recover('rescuer', '--password-stdin');
    expect(made).toEqual({
      code: 0,
      output: 'rescuer is Admin of "default", with a new account.\n',
    });
    const second = await start();
    try {
      const client = await Client.login(urlOf(second.ready), 'rescuer', GIVEN);
      expect(await rolesOf(client)).toEqual(['Admin']);
      // Lost phone: without the flag the factor stays, with it the password is enough.
      const { recoveryCode } = await enrol(client);
      const url = urlOf(second.ready);
      expect((await recover('rescuer', '--password-stdin')).code).toBe(0);
      await expect(Client.login(url, 'rescuer', GIVEN)).rejects.toThrow('factor-required');
      const reset = await recover('rescuer', '--password-stdin', '--reset-factors');
      expect(reset.output).toContain('Its second factors are gone.');
      const back = await Client.login(url, 'rescuer', GIVEN);
      const { factors, recoveryCodesLeft } = (await back.get('/me/mfa')).body;
      expect([factors, recoveryCodesLeft]).toEqual([[], 0]);
      const login = { username: 'rescuer', password: GIVEN, recoveryCode };
      const anonymous = await fetch(`${url}/api/v1/authentication/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(login),
      });
      expect(await anonymous.json()).not.toHaveProperty('recoveryCodesLeft');
      expect((await client.get('/authentication/me')).status).toBe(401);
    } finally {
      await second.stop();
    }
  }, 120_000);
});
