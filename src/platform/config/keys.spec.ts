import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Config } from './config.js';
import { openKey } from './keys.js';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'tidegate-keys-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const standalone = () => Config.read({ TIDEGATE_HOME: join(home, 'own') });

describe('a key of the installation', () => {
  it.each([
    ['signing', 'ec', 'access-token-key.pem'],
    ['agent', 'ed25519', 'agent-key.pem'],
  ] as const)('%s is made once and for its owner only', async (purpose, type, file) => {
    const first = await openKey(standalone(), purpose);
    const again = await openKey(standalone(), purpose);
    expect(first.privateKey.asymmetricKeyType).toBe(type);
    expect(again.kid).toBe(first.kid);
    expect(first.kid).toMatch(/^[\w-]{43}$/);
    expect((await stat(join(home, 'own', file))).mode & 0o777).toBe(0o600);
    expect((await stat(join(home, 'own'))).mode & 0o777).toBe(0o700);
  });

  it('is the same for processes that start at once', async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => openKey(standalone(), 'agent')));
    expect(new Set(keys.map((key) => key.kid)).size).toBe(1);
    expect(await readdir(join(home, 'own'))).toEqual(['agent-key.pem']);
  });

  it('is refused when it is missing, no key, or a key of another sort', async () => {
    const file = join(home, 'given.pem');
    const config = Config.read({ TIDEGATE_AGENT_KEY_FILE: file });
    await expect(openKey(config, 'agent')).rejects.toThrow(
      `TIDEGATE_AGENT_KEY_FILE (${file}) cannot be read (ENOENT): check the path and its rights.`,
    );
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    for (const text of ['secret words', privateKey.export({ type: 'pkcs8', format: 'pem' })]) {
      await writeFile(file, text);
      await expect(openKey(config, 'agent')).rejects.toThrow(
        `TIDEGATE_AGENT_KEY_FILE (${file}) must hold an Ed25519 private key as PEM`,
      );
    }
  });

  it('is given by the operator in cluster mode', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const file = join(home, 'agent.pem');
    await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const config = Config.read({ TIDEGATE_AGENT_KEY_FILE: file, TIDEGATE_HOME: join(home, 'own') });
    const key = await openKey(config, 'agent');
    expect(key.privateKey.equals(privateKey)).toBe(true);
    expect(await readdir(home)).toEqual(['agent.pem']);
  });
});
