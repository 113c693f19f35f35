import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diskProblem, isDiskFull } from './disk-problem.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'tidegate-disk-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const thrown = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    return diskProblem(error, 'name another folder in --dir');
  }
  throw new Error('nothing was thrown');
};

describe('what a disk refuses', () => {
  it('is a sentence that names the place and says what to do', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(thrown(() => mkdirSync(file))).toBe(
      `There is a file where ${file} should be a folder: move the file away, or name another folder in --dir.`,
    );
    expect(thrown(() => readdirSync(join(file, 'x')))).toContain('A part of');
    expect(thrown(() => writeFileSync(folder, ''))).toContain('There is a folder where');
  });

  it.each([
    ['EACCES', 'This user may not use /srv/x'],
    ['EROFS', '/srv/x is on a disk that is mounted read-only'],
    ['ENOSPC', 'The disk of /srv/x is full'],
    ['EDQUOT', 'The disk of /srv/x is full'],
    ['EIO', 'The disk of /srv/x does not work'],
  ])('%s', (code, words) => {
    const error = Object.assign(new Error(code), { code, path: '/srv/x' });
    expect(diskProblem(error, 'go elsewhere')).toMatch(
      new RegExp(`^${words}.*: .*, or go elsewhere\\.$`),
    );
  });

  it('is nothing of what other errors say', () => {
    expect(thrown(() => readFileSync(join(folder, 'none')))).toBeNull();
    expect(diskProblem(Object.assign(new Error(), { code: 'EACCES', syscall: 'listen' }), '')).toBe(
      null,
    );
    expect(diskProblem(undefined, '')).toBeNull();
    expect(isDiskFull(new Error('ENOSPC'))).toBe(false);
  });
});
