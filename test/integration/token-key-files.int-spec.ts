/** What operators put into files: the key that signs access tokens first, and the keys that seal. */
import { createPrivateKey, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Config } from '../../src/platform/config/config.js';
import { openSealer } from '../../src/platform/sealing/open-sealer.js';
import { tokenKeyOf } from '../../src/tenancy/token-keys/token-key.js';
import { TokenKeyKeeper } from '../../src/tenancy/token-keys/token-key-keeper.js';
import { LEAD_MS, OVERLAP_MS } from '../../src/tenancy/token-keys/token-key-version.js';
import type { IdentityApp } from '../support/identity-app.js';
import { kidOf, statusOf, TokenKeyProcesses, tokenOf } from '../support/token-key-processes.js';

/** Longer than a process keeps what it knows of the keys. */
const FOLLOWS_MS = 5_000;

let processes: TokenKeyProcesses;
let first: IdentityApp;
let second: IdentityApp;

beforeAll(async () => {
  processes = await TokenKeyProcesses.start();
  ({ first, second } = processes);
}, 60_000);
afterAll(() => processes?.close());

const advance = (ms: number) => processes.advance(ms);
const rotate = (body?: object, app?: IdentityApp) => processes.rotate(body, app);
const versions = () => processes.versions();

describe('the file', () => {
  it('with another key is the next version, and with an older one again is none', async () => {
    const file = await processes.signingKeyFile('second.pem');
    const { kid } = tokenKeyOf(createPrivateKey(await readFile(file)));
    const other = await processes.start({ TIDEGATE_SIGNING_KEY_FILE: file });
    expect((await versions())[0]).toMatchObject({ kid, origin: 'file', state: 'coming' });
    advance(FOLLOWS_MS);
    const old = await tokenOf(other, 'ada');
    advance(LEAD_MS);
    const young = await tokenOf(first, 'ada');
    expect(kidOf(young)).toBe(kid);
    for (const app of [first, second, other]) {
      expect([await statusOf(app, old), await statusOf(app, young)]).toEqual([200, 200]);
    }
    const count = (await versions()).length;
    await processes.start();
    expect(await versions()).toHaveLength(count);
    advance(OVERLAP_MS);
  });

  it('of sealing keys may be rotated: the versions are sealed anew', async () => {
    const old = await readFile(join(first.ground.home, 'sealing.key'), 'utf8');
    const file = join(first.ground.home, 'rotated-sealing.key');
    const newLine = `${randomBytes(32).toString('base64')}\n`;
    await writeFile(file, `${newLine}${old}`);
    const environment = { TIDEGATE_SEALING_KEY_FILE: file };
    const app = await processes.start(environment);
    await app.app.get(TokenKeyKeeper).turn();
    const current = await openSealer(Config.read(environment));
    const sealed = await processes.rows<{ text: string }>(
      `select sealed_private_key as text from token_signing_keys where sealed_private_key is not null`,
    );
    expect(sealed).not.toHaveLength(0);
    expect(sealed.every(({ text }) => current.isCurrent(text))).toBe(true);
    // Whoever has the old line alone opens nothing of it, and says so; the order is the operator's.
    advance(FOLLOWS_MS);
    expect(await first.login('ada')).toMatchObject({
      status: 503,
      body: { code: 'token-key-sealed' },
    });
    expect(processes.said.join('')).toContain('a key of access tokens does not open');
    expect((await app.login('ada')).status).toBe(200);
    await writeFile(file, `${old}${newLine}`);
    const again = await processes.start(environment);
    await again.app.get(TokenKeyKeeper).turn();
    advance(FOLLOWS_MS);
    expect((await first.login('ada')).status).toBe(200);
  });

  it('of sealing keys must be the same for all: a process that could not sign does not start', async () => {
    await rotate();
    advance(LEAD_MS);
    const sealing = join(first.ground.home, 'other-sealing.key');
    await writeFile(sealing, randomBytes(32).toString('hex'));
    const environment = { TIDEGATE_SEALING_KEY_FILE: sealing };
    await expect(processes.start(environment)).rejects.toThrow(
      /sealed under a key that is not in TIDEGATE_SEALING_KEY_FILE: give this process the file/,
    );
    // When it is lost for good, a new key in the other file is the way on.
    const file = await processes.signingKeyFile('third.pem');
    const saved = await processes.start({ ...environment, TIDEGATE_SIGNING_KEY_FILE: file });
    expect((await saved.login('ada')).status).toBe(200);
    expect((await processes.versions(saved))[0]).toMatchObject({
      origin: 'file',
      state: 'signing',
    });
  });
});
