import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSigningKey, publicKeyOf } from './signing-key-file.js';

describe('a signing key', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidegate-keys-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('can be named on a command line: its public half begins with no "-"', async () => {
    // Of keys that are not chosen, one in sixty-four does.
    const made = Array.from({ length: 400 }, (_, number) =>
      createSigningKey(join(folder, `${number}.pem`)),
    );
    expect((await Promise.all(made)).filter((key) => key.startsWith('-'))).toEqual([]);
  });

  it('is a file that only its owner may read, and that is never written over', async () => {
    const path = join(folder, 'key.pem');
    const key = await createSigningKey(path);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await expect(createSigningKey(path)).rejects.toThrow(/is there already/);
    expect(await publicKeyOf(path)).toBe(key);
  });
});
