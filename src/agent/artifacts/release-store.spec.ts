import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type Artifact, buildArtifact } from '../../../test/support/artifact.js';
import { newId } from '../../kernel/ids.js';
import type { DesiredRelease } from '../protocol/protocol.js';
import { Backoff } from '../transport/backoff.js';
import { ServerRefusal } from '../transport/control-plane.js';
import { download, readFromStart, verifyFile } from './download.js';
import { ReleaseStore } from './release-store.js';
import { unpackArchive } from './unpack.js';

let home: string;
let releases: string;
let artifact: Artifact;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'tidegate-store-'));
  releases = join(home, 'modules/m/releases');
  artifact = await buildArtifact({ files: { 'a.txt': 'good' } });
});
afterEach(() => rm(home, { recursive: true, force: true }));

const never = new AbortController().signal;
const delays: string[] = [];
beforeEach(() => delays.splice(0));

/** Answers with these bodies, one after another, the last one for ever. */
function storeOf(...answers: (Buffer | Error)[]) {
  let asked = 0;
  const source = {
    artifact: async () => {
      const answer = answers[Math.min(asked, answers.length - 1)]!;
      asked += 1;
      if (answer instanceof Error) throw answer;
      return { body: Readable.from([answer]), bytes: answer.length };
    },
  };
  const store = new ReleaseStore(home, source, () => new Backoff(1, 1));
  const release = {
    artifactDigest: artifact.artifactDigest,
    artifactBytes: artifact.bytes.length,
  } as DesiredRelease;
  const onDelay = ({ message }: { message: string }) => delays.push(message);
  const install = () => store.install('m', release, { signal: never, onDelay });
  return { store, release, install, asked: () => asked };
}

it('installs once and has it then', async () => {
  const { store, release, install, asked } = storeOf(artifact.bytes);
  await install();
  await install();
  const path = join(store.directoryOf('m', release), 'a.txt');
  expect(await readFile(path, 'utf8')).toBe('good');
  expect(asked()).toBe(1);
  expect(await readdir(join(home, 'downloads'))).toEqual([]);
});

it('waits out a server that is away and a download that breaks off', async () => {
  const cut = artifact.bytes.subarray(0, 20);
  const away = new ServerRefusal(503, 'busy', 'too many downloads', undefined);
  const { install, asked } = storeOf(away, cut, new Error('reset'), artifact.bytes);
  await install();
  expect(asked()).toBe(4);
  expect(delays).toHaveLength(3);
  expect(delays[1]).toContain('20 of');
});

it.each([
  ['other bytes of the same length', (good: Buffer) => Buffer.alloc(good.length, 1)],
  ['more bytes than announced', (good: Buffer) => Buffer.concat([good, good])],
])('gives up on %s and keeps nothing of them', async (_what, spoil) => {
  const { install, asked } = storeOf(spoil(artifact.bytes));
  await expect(install()).rejects.toMatchObject({ code: 'artifact-digest-mismatch' });
  expect(asked()).toBe(3);
  expect(await readdir(join(home, 'downloads'))).toEqual([]);
  expect(await readdir(join(home, 'modules')).catch(() => [])).toEqual([]);
});

it('gives up on an artifact that the server does not hand out', async () => {
  const gone = new ServerRefusal(404, 'not-found', 'no such artifact', undefined);
  const { install, asked } = storeOf(gone);
  await expect(install()).rejects.toMatchObject({ code: 'artifact-unavailable' });
  expect(asked()).toBe(5);
});

it('unpacks what it hashed, though the file was swapped or written to meanwhile', async () => {
  const { artifactDigest, bytes } = artifact;
  const evil = await buildArtifact({ files: { 'a.txt': 'evil' } });
  const source = { artifact: async () => ({ body: Readable.from([bytes]), bytes: bytes.length }) };
  const what = { artifactDigest, artifactBytes: bytes.length, path: join(home, 'download') };
  const file = await download(source, what, never);
  await writeFile(join(home, 'evil'), evil.bytes);
  await rename(join(home, 'evil'), what.path);
  await verifyFile(file, artifactDigest);
  const directory = join(home, 'out');
  await unpackArchive({ source: readFromStart(file), directory, digest: artifactDigest });
  expect(await readFile(join(directory, 'a.txt'), 'utf8')).toBe('good');
  await file.write(evil.bytes, 0, evil.bytes.length, 0);
  await file.truncate(evil.bytes.length);
  await expect(verifyFile(file, artifactDigest)).rejects.toMatchObject({
    code: 'artifact-digest-mismatch',
  });
  const again = { source: readFromStart(file), directory: join(home, 'two') };
  await expect(unpackArchive({ ...again, digest: artifactDigest })).rejects.toMatchObject({
    code: 'artifact-digest-mismatch',
  });
  expect(await readdir(home)).not.toContain('two');
  await file.close();
});

it('never writes through a link that waits at the download path', async () => {
  const path = join(home, 'download');
  await (await open(path, 'w')).close();
  const source = { artifact: async () => ({ body: Readable.from([artifact.bytes]), bytes: 1 }) };
  const { artifactDigest } = artifact;
  const run = download(source, { artifactDigest, artifactBytes: 1000, path }, never);
  await expect(run).rejects.toMatchObject({ code: 'EEXIST' });
});

it('keeps the releases to go back to and removes the others', async () => {
  const { store, release, install } = storeOf(artifact.bytes);
  await install();
  await store.prune('m', () => [release]);
  expect(await readdir(releases)).toHaveLength(1);
  await store.prune('m', () => []);
  expect(await readdir(releases)).toEqual([]);
});

it('asks for each release anew whether it is needed, for that changes meanwhile', async () => {
  const { store, release, install } = storeOf(artifact.bytes);
  await install();
  const other = '0'.repeat(64);
  await mkdir(join(releases, other));
  // Accepted again while the first one was removed.
  const needed = () => (existsSync(join(releases, other)) ? [] : [release]);
  await store.prune('m', needed);
  expect(await readdir(releases)).toEqual([artifact.artifactDigest.replace('sha256:', '')]);
});

it('removes a release as a whole: at no moment is half of it there', async () => {
  const count = 2000;
  const { store, release, install } = storeOf(artifact.bytes);
  await install();
  const directory = store.directoryOf('m', release);
  for (let file = 0; file < count; file += 1) writeFileSync(join(directory, `f${file}`), '');
  const seen = new Set<number>();
  let isOver = false;
  const removed = store.prune('m', () => []).then(() => (isOver = true));
  while (!isOver) {
    if (existsSync(directory)) seen.add(readdirSync(directory).length);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await removed;
  expect([...seen]).toEqual([count + 1]);
  expect(await readdir(releases)).toEqual([]);
});

it('removes what an agent that was killed has left, and takes none of it for a release', async () => {
  const { store, release, install, asked } = storeOf(artifact.bytes);
  await install();
  const directory = store.directoryOf('m', release);
  // As if it had been killed while it removed the release, or while it unpacked it.
  await rename(directory, `${directory}.partial-${newId()}`);
  await mkdir(`${directory}.partial-${newId()}`);
  await mkdir(join(home, 'downloads'), { recursive: true });
  await writeFile(join(home, 'downloads', newId()), 'half');
  await store.clean();
  expect(await readdir(releases)).toEqual([]);
  expect(await readdir(home)).toEqual(['modules']);
  await install();
  expect(asked()).toBe(2);
  expect(await readFile(join(directory, 'a.txt'), 'utf8')).toBe('good');
});

it('may be asked twice at once to remove the same', async () => {
  const { store, install } = storeOf(artifact.bytes);
  await install();
  await Promise.all([store.prune('m', () => []), store.prune('m', () => [])]);
  expect(await readdir(releases)).toEqual([]);
});

it('leaves alone what is being unpacked', async () => {
  const { store, install } = storeOf(artifact.bytes);
  await install();
  const unpacking = `${'0'.repeat(64)}.partial-${newId()}`;
  await mkdir(join(releases, unpacking));
  await store.prune('m', () => []);
  expect(await readdir(releases)).toEqual([unpacking]);
});
