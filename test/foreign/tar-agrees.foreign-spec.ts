import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { jest } from '@jest/globals';
import fc from 'fast-check';
import { unpackArchive } from '../../src/agent/artifacts/unpack.js';
import { type ArtifactEntry, buildArchive } from '../support/artifact.js';
import { asReleased, folderSnapshot } from '../support/folder-snapshot.js';
import { foreignProgram } from '../support/installed-program.js';

jest.setTimeout(300_000);

const run = promisify(execFile);

let home: string;
let bsdtar: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'tidegate-agrees-'));
  bsdtar = await foreignProgram({ name: 'bsdtar', package: 'libarchive-tools' });
});
afterAll(() => rm(home, { recursive: true, force: true }));

const name = fc
  .array(fc.constantFrom('a', 'b', 'c', '\u6f22', 'n'.repeat(120)), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join('/'));
const mode = fc.constantFrom(0o600, 0o644, 0o755, 0o700, 0o640);
const target = fc
  .array(fc.constantFrom('a', 'b', 'c', '..', 'x'), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join('/'));
// Of a file that is a link to itself bsdtar makes the same, but ends with 1.
const hardLink = fc
  .record({ name, type: fc.constant('link' as const), linkname: name })
  .filter((one) => one.name !== one.linkname);
const entry: fc.Arbitrary<ArtifactEntry> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ name, mode, content: fc.string({ maxLength: 1200 }) }) },
  { weight: 1, arbitrary: fc.record({ name, mode, type: fc.constant('directory' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ name, type: fc.constant('symlink' as const), linkname: target }),
  },
  { weight: 1, arbitrary: hardLink },
);

it('makes of every archive that it accepts what GNU tar and bsdtar make of it', async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { minLength: 1, maxLength: 7 }), async (entries) => {
      const { bytes } = await buildArchive(entries);
      const ours = join(home, 'ours');
      await rm(ours, { recursive: true, force: true });
      const isAccepted = await unpackArchive({
        source: Readable.from([bytes]),
        directory: ours,
      }).then(
        () => true,
        () => false,
      );
      if (!isAccepted) return;
      accepted += 1;
      const archive = join(home, 'archive.tar.gz');
      await writeFile(archive, bytes);
      // Without -P, GNU tar makes links upwards in the end and may put one in place of the file that followed it.
      for (const program of ['tar', bsdtar]) {
        const theirs = join(home, 'theirs');
        await rm(theirs, { recursive: true, force: true });
        await mkdir(theirs);
        await run(program, ['-xzpPf', archive, '-C', theirs]);
        expect(await folderSnapshot(ours)).toEqual(asReleased(await folderSnapshot(theirs)));
      }
    }),
    // Always the same ones: other programs have quirks of their own, which are no reason for a build to fail.
    { numRuns: 300, seed: 31 },
  );
  expect(accepted).toBeGreaterThan(50);
});
