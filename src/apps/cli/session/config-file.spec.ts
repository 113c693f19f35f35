import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readCliEnvironment } from './cli-environment.js';
import { ConfigFile } from './config-file.js';
import { connect, isSameServer } from './connect.js';

let folder: string;
let file: ConfigFile;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-config-'));
  file = new ConfigFile(join(folder, 'tidegate', 'config.json'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const context = (server = 'https://a.example') => ({
  server,
  username: 'ada',
  tenant: 'default',
  accessToken: 'a1',
  refreshToken: 'r1',
});

describe('the file of contexts', () => {
  it('is readable by its owner only, whole, and leaves nothing beside it', async () => {
    await file.save('default', context());
    expect((await stat(file.path)).mode & 0o777).toBe(0o600);
    expect((await stat(dirname(file.path))).mode & 0o777).toBe(0o700);
    expect(await readdir(dirname(file.path))).toEqual(['config.json']);
  });

  it.each([0o640, 0o604, 0o660])('is refused when others may read it (%o)', async (mode) => {
    await file.save('default', context());
    await chmod(file.path, mode);
    await expect(file.read()).rejects.toThrow(/others may read it.*chmod 600/);
  });

  it.each(['', '{', 'null', '{"version":2}', '{"version":1,"current":"a","contexts":{"a":{}}}'])(
    'is refused when it is damaged: %s',
    async (text) => {
      await file.save('default', context());
      await writeFile(file.path, text);
      await expect(file.read()).rejects.toThrow('is damaged');
    },
  );

  it('keeps several contexts; the last sign-in is the current one', async () => {
    await file.save('default', context());
    await file.save('staging', context('https://b.example'));
    expect((await file.context(undefined))?.server).toBe('https://b.example');
    expect((await file.context('default'))?.server).toBe('https://a.example');
    await expect(file.context('nope')).rejects.toThrow('known: default, staging');
    await expect(file.context('__proto__')).rejects.toThrow('There is no context');
    await file.remove('staging');
    expect((await file.context(undefined))?.server).toBe('https://a.example');
    await expect(file.save('../x', context())).rejects.toThrow('is named by letters');
  });

  it('takes new tokens for one context and leaves the others', async () => {
    await file.save('a', context());
    await file.save('b', context());
    await file.renew('a', { accessToken: 'a2', refreshToken: 'r2' });
    await file.renew('gone', { accessToken: 'x', refreshToken: 'y' });
    const { current, contexts } = await file.read();
    expect([current, contexts['a']?.accessToken, contexts['b']?.accessToken]).toEqual([
      'b',
      'a2',
      'a1',
    ]);
    expect(Object.keys(contexts)).toEqual(['a', 'b']);
  });
});

describe('a connection', () => {
  const environment = (more = {}) => readCliEnvironment({ XDG_CONFIG_HOME: folder, ...more });

  it('sends the tokens of a context to its own server only', async () => {
    await file.save('default', context());
    expect((await connect(environment(), {})).baseUrl).toBe('https://a.example');
    expect((await connect(environment(), { server: 'https://a.example/' })).baseUrl).toBe(
      'https://a.example',
    );
    for (const other of [{ server: 'https://evil.example' }, { server: 'http://a.example' }]) {
      await expect(connect(environment(), other)).rejects.toThrow(
        'is for https://a.example, not for',
      );
    }
    const moved = environment({ TIDEGATE_SERVER: 'https://evil.example' });
    await expect(connect(moved, {})).rejects.toThrow('is for https://a.example');
  });

  it('takes server and token from the environment, with no file at all', async () => {
    const both = environment({ TIDEGATE_SERVER: 'https://c.example', TIDEGATE_TOKEN: 'key' });
    expect((await connect(both, {})).baseUrl).toBe('https://c.example');
    await expect(connect(environment({ TIDEGATE_TOKEN: 'key' }), {})).rejects.toThrow(
      'set TIDEGATE_SERVER',
    );
    const wrong = environment({ TIDEGATE_SERVER: 'c.example', TIDEGATE_TOKEN: 'key' });
    await expect(connect(wrong, {})).rejects.toThrow('is not an address');
  });

  it('tells how to sign in when nobody is', async () => {
    await expect(connect(environment(), {})).rejects.toThrow('tidegate login --server');
  });

  it('knows an address in its several spellings', () => {
    expect(isSameServer('https://A.example:443/', 'https://a.example')).toBe(true);
    expect(isSameServer('https://a.example:8443', 'https://a.example')).toBe(false);
  });
});

it('respects NO_COLOR and takes an empty variable for none', () => {
  expect(readCliEnvironment({ NO_COLOR: '1' }).isColorRefused).toBe(true);
  expect(readCliEnvironment({ NO_COLOR: '', TIDEGATE_TOKEN: '' })).toMatchObject({
    isColorRefused: false,
    token: undefined,
  });
});
