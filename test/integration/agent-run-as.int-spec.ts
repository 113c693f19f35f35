// Modules as another user than the agent. Only root can start processes as somebody else, and make the
// users for it: without root this says so, and tests the refusal alone.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { allProcesses } from '../../src/agent/supervisor/proc.js';
import { AgentRig, eventually } from '../support/agent-rig.js';

jest.setTimeout(90_000);

const isRoot = process.getuid?.() === 0;
const asRoot = isRoot ? it : it.skip;
/** With one group, and with several. */
const ALONE = 'tgtest-alone';
const GROUPED = 'tgtest-grouped';
const GROUP = 'tgtest-extra';

let rig: AgentRig;
beforeAll(() => {
  if (!isRoot) return;
  removeUsers();
  execFileSync('groupadd', [GROUP]);
  execFileSync('useradd', ['--create-home', '--user-group', ALONE]);
  execFileSync('useradd', ['--create-home', '--user-group', '-G', GROUP, GROUPED]);
});
afterAll(() => isRoot && removeUsers());
beforeEach(async () => {
  rig = await AgentRig.create();
  chmodSync(rig.home, 0o777);
});
afterEach(() => rig.dispose());

function removeUsers(): void {
  for (const [command, ...args] of [
    ['userdel', '--remove', ALONE],
    ['userdel', '--remove', GROUPED],
    ['groupdel', GROUP],
  ] as const) {
    try {
      execFileSync(command, args, { stdio: 'ignore' });
    } catch {
      // There is none.
    }
  }
}

/** Tells who it is and what it could read or write of the agent's folder, and of whatever is in it. */
const SPY = `
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync, appendFileSync, openSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
const { DIRECTORY, FOUND, PORT, OTHER } = process.env;
const can = (what) => { try { return String(what()); } catch (error) { return error.code; } };
const tried = {
  key: can(() => readFileSync(join(DIRECTORY, 'node.key'), 'utf8')),
  identity: can(() => readFileSync(join(DIRECTORY, 'identity.json'), 'utf8')),
  journal: can(() => readFileSync(join(DIRECTORY, 'journal'), 'utf8')),
  lock: can(() => readFileSync(join(DIRECTORY, 'agent.lock'), 'utf8')),
  front: can(() => readdirSync(join(DIRECTORY, 'front'))),
  logs: can(() => readdirSync('../../logs')),
  list: can(() => readdirSync(DIRECTORY)),
  modules: can(() => readdirSync(join(DIRECTORY, 'modules'))),
  other: can(() => readdirSync(join(DIRECTORY, 'modules', OTHER))),
  own: can(() => readFileSync('server.mjs', 'utf8').length > 0),
  change: can(() => writeFileSync('server.mjs', '')),
  add: can(() => writeFileSync('../new', '')),
  print: can(() => { openSync('/dev/stdout', 'a'); return 'yes'; }),
  rights: can(() => process.setuid(0)),
};
const { uid, gid } = { uid: process.getuid(), gid: process.getgid() };
const { HOME, USER, LOGNAME, LD_LIBRARY_PATH, LANG } = process.env;
const groups = execFileSync('id', ['-G']).toString().trim();
writeFileSync(FOUND, JSON.stringify({ tried, uid, gid, groups, HOME, USER, LOGNAME, LD_LIBRARY_PATH, LANG }));
createServer((_, response) => response.end('ok')).listen(Number(PORT), '127.0.0.1');
`;

interface Found {
  readonly tried: Readonly<Record<string, string>>;
  readonly uid: number;
  readonly gid: number;
  readonly groups: string;
  readonly [name: string]: unknown;
}

const OTHER = '01890000-0000-7000-8000-00000000000b';

async function spied(hooks: object = {}): Promise<Found> {
  const found = join(rig.home, 'found');
  const configuration = {
    DIRECTORY: rig.directory,
    FOUND: found,
    OTHER,
    LD_LIBRARY_PATH: '/opt/none',
    LANG: 'C',
  };
  rig.desire(1, [await rig.server('1', { hooks }, configuration, { 'server.mjs': SPY })]);
  await rig.until(1, 'healthy');
  return JSON.parse(readFileSync(found, 'utf8')) as Found;
}

const idOf = (user: string, flag: string) =>
  execFileSync('id', [flag, user]).toString().trim().split(' ').sort().join(' ');

const REFUSED = { key: 'EACCES', identity: 'EACCES', journal: 'EACCES', lock: 'EACCES' };

asRoot.each([ALONE, GROUPED])(
  'runs modules as %s, who learns nothing of the node',
  async (user) => {
    rig.run(['--run-as', user]);
    const who = { command: 'sh', args: ['-c', `id -un > ${rig.home}/hook-user; echo said`] };
    const found = await spied({ start: who, validate: who });
    expect(found).toMatchObject({
      uid: Number(idOf(user, '-u')),
      gid: Number(idOf(user, '-g')),
      HOME: `/home/${user}`,
      USER: user,
      LOGNAME: user,
      LD_LIBRARY_PATH: '/opt/none',
      LANG: 'C',
    });
    expect(found.groups.split(' ').sort().join(' ')).toBe(idOf(user, '-G'));
    expect(found.tried).toEqual({
      ...REFUSED,
      front: 'EACCES',
      logs: 'EACCES',
      list: 'EACCES',
      modules: 'EACCES',
      other: 'ENOENT',
      own: 'true',
      change: 'EACCES',
      add: 'EACCES',
      print: 'yes',
      rights: 'EPERM',
    });
    expect(readFileSync(join(rig.home, 'hook-user'), 'utf8')).toBe(`${user}\n`);
    expect(statSync(join(rig.home, 'hook-user')).uid).toBe(found.uid);
  },
);

asRoot(
  'keeps modules of different users apart, over a restart of the agent and to the end',
  async () => {
    const told = ['--run-as', ALONE, '--run-as', `other=${GROUPED}`];
    rig.run(told);
    const worker = await rig.worker('1');
    rig.desire(1, [worker], { moduleId: OTHER, name: 'other' });
    await rig.until(1, 'healthy', OTHER);
    const { tried, uid } = await spied();
    expect(tried.other).toBe('EACCES');
    expect(await rig.end('SIGKILL')).toBeNull();
    rig.run(told);
    await eventually('it is adopted', () => rig.log.includes('adopted'));
    expect(await rig.get()).toBe('ok');
    const pids = pidsOf(uid);
    expect(pids.length).toBeGreaterThan(0);
    rig.desire(2, [], {});
    await rig.until(2, 'absent');
    expect(pidsOf(uid)).toEqual([]);
    rig.desire(2, [], { moduleId: OTHER, name: 'other' });
    await rig.until(2, 'absent', OTHER);
    expect(rig.diary.at(-1)).toBe('1 term');
  },
);

asRoot('without it a module reads the key of the node', async () => {
  rig.run();
  const { tried, uid } = await spied();
  expect(uid).toBe(0);
  expect(tried.key).toContain('PRIVATE KEY');
});

asRoot.each([
  ['tgtest-nobody', /there is no user "tgtest-nobody" on this machine/],
  ['root', /"root" is root: name a user without rights/],
])('does not start as %s', async (user, message) => {
  const args = ['--server', rig.plane.url, '--dir', rig.directory, '--name', 'n', '--run-as', user];
  const { code, stderr } = await rig.once(args);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
  expect(existsSync(rig.directory)).toBe(false);
});

it('says so when it is not run by root', async () => {
  const command = isRoot ? ['setpriv', '--reuid=65534', '--clear-groups'] : [];
  const args = ['--server', rig.plane.url, '--dir', rig.directory, '--name', 'n', '--run-as', 'x'];
  const { code, stderr } = await rig.once(args, command);
  expect(code).toBe(2);
  expect(stderr).toMatch(/--run-as: only root can start processes as somebody else/);
});

/** Of those that live: the dead may wait to be fetched by process 1. */
function pidsOf(uid: number): number[] {
  const pids = allProcesses().map(({ pid }) => pid);
  return pids.filter((pid) => statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid === uid);
}
