import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Config } from '../config/config.js';
import { openSealer } from './open-sealer.js';

let home: string;
let file: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'tidegate-sealing-'));
  file = join(home, 'given.key');
});
afterEach(() => rm(home, { recursive: true, force: true }));

const standalone = () => Config.read({ TIDEGATE_HOME: join(home, 'own') });
const given = async (text: string | Buffer) => {
  await writeFile(file, text);
  return openSealer(Config.read({ TIDEGATE_SEALING_KEY_FILE: file }));
};

describe('the sealing key', () => {
  it('is made once by standalone mode, for its owner only, also when many start at once', async () => {
    const sealers = await Promise.all(Array.from({ length: 8 }, () => openSealer(standalone())));
    const text = sealers[0]!.seal('a secret', 'test:1');
    for (const sealer of [...sealers, await openSealer(standalone())]) {
      expect(sealer.unseal(text, 'test:1').toString()).toBe('a secret');
    }
    expect(await readdir(join(home, 'own'))).toEqual(['sealing.key']);
    expect((await stat(join(home, 'own', 'sealing.key'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(home, 'own'))).mode & 0o777).toBe(0o700);
    const made = await readFile(join(home, 'own', 'sealing.key'), 'utf8');
    expect(Buffer.from(made.trim(), 'base64')).toHaveLength(32);
  });

  it('may be in base64 or hex, with other lines after it', async () => {
    const [first, second] = [randomBytes(32), randomBytes(32)];
    const forms = [first.toString('base64'), first.toString('base64url'), first.toString('hex')];
    const sealed = (await given(forms[0]!)).seal('a secret', 'test:1');
    for (const form of forms) {
      const sealer = await given(`\n${form}\r\n${second.toString('hex')}\n\n`);
      expect(sealer.isCurrent(sealed)).toBe(true);
      expect(sealer.unseal(sealed, 'test:1').toString()).toBe('a secret');
    }
    const rotated = await given(`${second.toString('base64')}\n${first.toString('base64')}`);
    expect(rotated.isCurrent(sealed)).toBe(false);
    expect(rotated.unseal(sealed, 'test:1').toString()).toBe('a secret');
  });

  const good = randomBytes(32).toString('base64');
  it.each([
    ['is empty', '\n \n', 'it is empty'],
    ['is too short', randomBytes(31).toString('base64'), 'line 1 is none'],
    ['is too long', randomBytes(33).toString('hex'), 'line 1 is none'],
    ['is a sentence', `${good}\nsecret words`, 'line 2 is none'],
    ['is bytes', randomBytes(32), 'line 1 is none'],
    ['is a placeholder', Buffer.alloc(32).toString('base64'), 'line 1 is not random'],
    ['says one key twice', `${good}\n\n${good}`, 'the same key twice, again in line 3'],
    [
      'never ends',
      Array.from({ length: 17 }, () => randomBytes(32).toString('hex')).join('\n'),
      'more than 16 keys',
    ],
  ])('refuses a file that %s, and does not quote it', async (_, text, why) => {
    const error = await given(text).then(
      () => new Error('it was taken'),
      (cause: Error) => cause,
    );
    expect(error.name).toBe('ConfigError');
    expect(error.message).toContain(`TIDEGATE_SEALING_KEY_FILE (${file}) `);
    expect(error.message).toContain(why);
    for (const line of text.toString('latin1').split('\n')) {
      if (line.trim().length > 8) expect(error.message).not.toContain(line.trim());
    }
  });

  it('must be there', async () => {
    const config = Config.read({ TIDEGATE_SEALING_KEY_FILE: file });
    await expect(openSealer(config)).rejects.toThrow(
      `TIDEGATE_SEALING_KEY_FILE (${file}) cannot be read (ENOENT): check the path and its rights.`,
    );
    expect(await readdir(home)).toEqual([]);
  });
});
