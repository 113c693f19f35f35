import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { faultBehind, startFault, type StartCommand } from './start-fault.js';

const home = mkdtempSync(join(tmpdir(), 'tidegate-start-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const PATH = '/usr/local/bin:/usr/bin:/bin';

function put(path: string, content: string | Buffer, mode = 0o755): void {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), content, { mode });
}

/** This very program, said to be for another machine. */
function forAnotherMachine(): Buffer {
  const program = readFileSync(process.execPath).subarray(0, 8192);
  program.writeUInt16LE(process.arch === 'arm64' ? 62 : 183, 18);
  return program;
}

/** The program `true`, with a loader that nobody has. */
function forAnotherLinux(): Buffer {
  const program = readFileSync('/usr/bin/true');
  const at = program.indexOf('/lib');
  program.write('/xyz', at, 'latin1');
  return program;
}

const whatFor = (command: string): StartCommand => ({
  command,
  field: 'run.command',
  directory: home,
  path: PATH,
  user: undefined,
});

/** Started as the agent starts a release: what is said of it then. Null: nothing. */
function started(command: string): Promise<string | null> {
  const what = whatFor(command);
  return new Promise<string | null>((resolve, reject) => {
    const child = spawn(command, [], { cwd: home, env: { PATH }, stdio: 'ignore' });
    child.once('error', reject);
    child.once('exit', (code) => resolve(faultBehind(what, code)));
  }).catch(({ code }: NodeJS.ErrnoException) => startFault(what, code));
}

beforeAll(() => {
  put('server', '#!/bin/sh\nexit 3\n');
  put('bin/server', '#!/bin/sh\nexit 0\n');
  put('plain.sh', '#!/bin/sh\nexit 0\n', 0o644);
  put('windows.sh', '#!/bin/sh\r\nexit 0\r\n');
  put('windows-env', '#!/usr/bin/env node\r\nprocess.exit(0)\r\n');
  put('windows-flag', '#!/bin/sh -e\r\nexit 0\r\n');
  put('no-interpreter', '#!/usr/bin/no-such-thing -x\n');
  put('no-env-interpreter', '#!/usr/bin/env -S A=1 no-such-thing\n');
  put('marked.sh', '\ufeff#!/bin/sh\nexit 126\n');
  put('app/wrapped', '#!/bin/sh\n');
  put('other-machine', forAnotherMachine());
  put('other-linux', forAnotherLinux());
  put('program.exe', 'MZ\u0090\u0000 and so on');
  symlinkSync('nowhere', join(home, 'dangling'));
});

it.each([
  ['server', /"server" is in the artifact.*say "\.\/server" in run\.command$/],
  ['./plain.sh', /"\.\/plain\.sh" is not executable: run "chmod \+x"/],
  ['./windows.sh', /"\.\/windows\.sh" has Windows line ends.*dos2unix/],
  ['./windows-env', /has Windows line ends/],
  ['./windows-flag', /has Windows line ends/],
  [
    './no-interpreter',
    /asks for the interpreter "\/usr\/bin\/no-such-thing", which is not on this/,
  ],
  ['./no-env-interpreter', /asks for the interpreter "no-such-thing"/],
  ['./marked.sh', /byte order mark/],
  ['./bin', /"\.\/bin" is a folder/],
  ['./nothing', /There is no "\.\/nothing" in the artifact: pack it/],
  ['./wrapped', /There is no "\.\/wrapped" in the artifact.*there is a "\.\/app\/wrapped"$/],
  ['nothing-like-it', /There is no program "nothing-like-it" on this node's PATH, and none in the/],
  ['/opt/nothing-like-it', /There is no "\/opt\/nothing-like-it" on this node/],
  ['./server/x', /leads through a file/],
  ['./dangling', /is a link to something that is not there/],
  ['./other-machine', /is a program for (arm64|x64), and this node is/],
  ['./other-linux', /needs \/xyz.*built for another Linux/],
  ['./program.exe', /is a program for Windows/],
])('says of "%s" what to do', async (command, sentence) => {
  expect(await started(command)).toMatch(sentence);
});

it.each(['./server', 'bin/server', 'true', 'false'])('says nothing of "%s"', async (command) => {
  expect(await started(command)).toBeNull();
});

it('tells what the system says where no file is to blame', () => {
  expect(startFault(whatFor('./bin/server'), 'E2BIG')).toMatch(/too long together/);
  expect(startFault(whatFor('./bin/server'), 'EACCES')).toMatch(/noexec/);
  expect(startFault(whatFor('./bin/server'), 'EWHAT')).toBe(
    '"./bin/server" could not be started (EWHAT)',
  );
  expect(startFault({ ...whatFor('./x'), directory: join(home, 'gone') }, 'ENOENT')).toMatch(
    /the folder of the release, .*gone, is gone/,
  );
});

it('judges a file by the rights of whom it is started as', () => {
  put('for-owner.sh', '#!/bin/sh\n', 0o700);
  const user = { name: 'somebody', uid: 64_999, gid: 64_999, groups: [], home: '/' };
  const what = { ...whatFor('./for-owner.sh'), user };
  expect(startFault(what, 'EACCES')).toMatch(/may not be executed by user somebody/);
  expect(startFault({ ...what, command: './bin/server' }, 'EACCES')).toMatch(/noexec/);
});
