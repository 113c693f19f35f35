import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import {
  allProcesses,
  controlGroupsOf,
  environmentOf,
  readProcess,
} from '../../src/agent/supervisor/proc.js';
import { AgentRig, eventually } from '../support/agent-rig.js';

jest.setTimeout(90_000);

let rig: AgentRig;
/** Of processes that a test expects to be ended: whatever is left of them is ended after it. */
const seen = new Set<number>();
beforeEach(async () => {
  rig = await AgentRig.create();
});
afterEach(async () => {
  await rig.dispose();
  for (const pid of seen) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  seen.clear();
});

const isAlive = (pid: number) => !['Z', undefined].includes(readProcess(pid)?.state);

/** The pids that the release has written down, once there are so many. */
async function pidsIn(name: string, count = 1): Promise<number[]> {
  const path = join(rig.home, name);
  const read = () =>
    existsSync(path)
      ? readFileSync(path, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number)
      : [];
  await eventually(`${count} in ${name}`, () => read().length >= count);
  for (const pid of read()) seen.add(pid);
  return read();
}

const shell = (script: string) => ({ run: { command: 'sh', args: ['-c', script] } });
const note = (name: string) => `echo $$ >> ${join(rig.home, name)}`;
const main = `exec ${process.execPath} worker.mjs`;

describe('processes that have left the group of their release', () => {
  it.each([
    ['setsid', 'setsid'],
    ['nohup in a session of its own', 'setsid nohup'],
  ])('by %s end with it when it is replaced, and are counted', async (_name, leave) => {
    const script = `${leave} sh -c '${note('left')}; exec sleep 300' >/dev/null 2>&1 & ${main}`;
    rig.run();
    rig.desire(1, [await rig.worker('1', { ...shell(script), stopGraceMs: 3000 })]);
    await rig.until(1, 'healthy');
    const [left] = await pidsIn('left');
    rig.desire(2, [await rig.worker('2')]);
    await rig.until(2, 'healthy');
    await eventually('it is ended', () => !isAlive(left!));
    await eventually('it is said', () => /"escaped":1.*"stopped"/.test(rig.log));
  });

  it('by a double fork end with it when it is taken away', async () => {
    const daemon = `
      const { spawn } = await import('node:child_process');
      const { appendFileSync } = await import('node:fs');
      const [, , step] = process.argv;
      if (step === 'last') { appendFileSync(process.env.LEFT, process.pid + ' '); setInterval(() => {}, 1000); }
      else { spawn(process.execPath, ['daemon.mjs', 'last'], { detached: true, stdio: 'ignore' }).unref(); }`;
    const worker = `
      import { spawn } from 'node:child_process';
      spawn(process.execPath, ['daemon.mjs'], { detached: true, stdio: 'ignore' }).unref();
      setInterval(() => {}, 1000);`;
    rig.run();
    const release = await rig.plane.release({
      version: '1',
      files: { 'worker.mjs': worker, 'daemon.mjs': daemon },
      manifest: { run: { command: process.execPath, args: ['worker.mjs'] } },
      configuration: { LEFT: join(rig.home, 'left') },
    });
    rig.desire(1, [release]);
    await rig.until(1, 'healthy');
    const [left] = await pidsIn('left');
    rig.desire(2, []);
    await rig.until(2, 'absent');
    expect(isAlive(left!)).toBe(false);
  });

  it('end before the worker that must be alone is started again after a crash', async () => {
    const script = `${note('mains')}; setsid sh -c '${note('left')}; exec sleep 300' & ${main}`;
    rig.run();
    rig.desire(1, [await rig.worker('1', shell(script))]);
    await rig.until(1, 'healthy');
    const [left] = await pidsIn('left');
    const [crashed] = await pidsIn('mains');
    process.kill(crashed!, 'SIGKILL');
    await pidsIn('mains', 2);
    expect(isAlive(left!)).toBe(false);
    expect(rig.log).toContain('1 process had left the group');
  });

  it('end with a teardown, also when the main process has died while no agent ran', async () => {
    const script = `${note('mains')}; setsid sh -c '${note('left')}; exec sleep 300' & ${main}`;
    rig.run();
    rig.desire(1, [await rig.worker('1', shell(script))]);
    await rig.until(1, 'healthy');
    const [left] = await pidsIn('left');
    const [crashed] = await pidsIn('mains');
    await rig.end('SIGKILL');
    process.kill(crashed!, 'SIGKILL');
    await eventually('it is dead', () => !isAlive(crashed!));
    expect(isAlive(left!)).toBe(true);
    await rig.once(['--teardown', '--dir', rig.directory]);
    expect(isAlive(left!)).toBe(false);
  });

  it('end by the next agent when the one that was ending them was killed', async () => {
    const deaf = `trap "" TERM; ${note('left')}; while :; do sleep 1; done`;
    const script = `setsid sh -c '${deaf}' & ${main}`;
    rig.run();
    rig.desire(1, [await rig.worker('1', { ...shell(script), stopGraceMs: 4000 })]);
    await rig.until(1, 'healthy');
    const [left] = await pidsIn('left');
    await eventually('it runs', () => rig.starts('1') === 1);
    rig.desire(2, []);
    await eventually('the main process is told', () => rig.diary.includes('1 term'));
    await rig.end('SIGKILL');
    expect(isAlive(left!)).toBe(true);
    rig.run();
    await rig.until(2, 'absent');
    expect(isAlive(left!)).toBe(false);
  });

  it('are asked to end first, and have the grace of their release', async () => {
    const polite = `trap "${note('asked').replaceAll('$', '\\$')}; exit" TERM; ${note('left')}; while :; do sleep 0.1; done`;
    writeFileSync(join(rig.home, 'polite.sh'), polite);
    const script = `setsid sh ${join(rig.home, 'polite.sh')} & ${main}`;
    rig.run();
    rig.desire(1, [await rig.worker('1', { ...shell(script), stopGraceMs: 20_000 })]);
    await rig.until(1, 'healthy');
    const [left] = await pidsIn('left');
    rig.desire(2, []);
    await rig.until(2, 'absent');
    expect(await pidsIn('asked')).toEqual([left]);
  });

  it('are ended also when they start others faster than they are killed', async () => {
    // Two that start others all the time, none of which is asked nicely or is anybody's child for long.
    const breed = `
      import { spawn } from 'node:child_process';
      const script = 'trap "" TERM; echo $$ >> "$LEFT"; while :; do sleep 0.05; setsid sleep 60 & done';
      for (const _ of [1, 2]) spawn('sh', ['-c', script], { detached: true, stdio: 'ignore' }).unref();
      setInterval(() => {}, 1000);`;
    rig.run();
    const release = await rig.plane.release({
      version: '1',
      files: { 'worker.mjs': breed },
      manifest: { run: { command: process.execPath, args: ['worker.mjs'] }, stopGraceMs: 200 },
      configuration: { LEFT: join(rig.home, 'left') },
    });
    rig.desire(1, [release]);
    await rig.until(1, 'healthy');
    const left = await pidsIn('left', 2);
    rig.desire(2, []);
    await rig.until(2, 'absent');
    expect(left.filter(isAlive)).toEqual([]);
    const mark = `LEFT=${join(rig.home, 'left')}`;
    const still = allProcesses().filter(({ pid }) => environmentOf(pid)?.includes(mark));
    expect(still).toEqual([]);
  });

  it('of one node are nobody else’s, whatever they are called', async () => {
    const other = await AgentRig.create();
    try {
      const script = (home: string) =>
        `setsid sh -c 'echo $$ >> ${join(home, 'left')}; exec sleep 300' & ${main}`;
      rig.run();
      other.run();
      rig.desire(1, [await rig.worker('1', shell(script(rig.home)))]);
      other.desire(1, [await other.worker('1', shell(script(other.home)))]);
      await Promise.all([rig.until(1, 'healthy'), other.until(1, 'healthy')]);
      const [own] = await pidsIn('left');
      const path = join(other.home, 'left');
      await eventually('the other’s', () => existsSync(path) && readFileSync(path, 'utf8') !== '');
      const others = Number(readFileSync(path, 'utf8'));
      seen.add(others);
      rig.desire(2, []);
      await rig.until(2, 'absent');
      expect([isAlive(own!), isAlive(others)]).toEqual([false, true]);
    } finally {
      await other.dispose();
    }
  });

  it('and have cleared their environment are found by the control group, where the agent may make one', async () => {
    const inner = `sh -c '${note('left')}; exec sleep 300'`;
    // The middle one ends at once: neither parent, session nor group tells whose the last one is.
    const script = `(env -i PATH="$PATH" setsid ${inner} &) ; ${main}`;
    rig.run();
    rig.desire(1, [await rig.worker('1', shell(script))]);
    await rig.until(1, 'healthy');
    const [left] = await pidsIn('left');
    const hasControlGroup = controlGroupsOf(left!).includes('tidegate-instance-');
    rig.desire(2, []);
    await rig.until(2, 'absent');
    // As a user who may make no control groups, the agent cannot know: docs/agent.md says so.
    expect(isAlive(left!)).toBe(!hasControlGroup);
  });
});

describe('a command that puts itself into the background', () => {
  const background = (version: string, script: string, more: Record<string, unknown> = {}) =>
    rig.server(version, { ...shell(script), ...more });
  const server = `${process.execPath} server.mjs`;

  it.each([
    ['in its own group', `${server} & exit 0`],
    ['in a session of its own', `setsid ${server} >/dev/null 2>&1 & exit 0`],
    ['as soon as it answers', `${server} & until [ -s "$DIARY" ]; do sleep 0.05; done; sleep 0.5; exit 0`], // prettier-ignore
  ])('%s fails, says what to do, and is not left running', async (_how, script) => {
    rig.run();
    rig.desire(1, [await background('1', script)]);
    const { reason } = await rig.until(1, 'failed');
    expect(reason).toMatchObject({ code: 'daemonised' });
    expect(reason!.message).toMatch(/ended with code 0 but left a process.*foreground/);
    await eventually('it is ended', () => rig.instances() === 0);
    const pids = rig.diary.map((line) => Number(line.split(' ')[2]));
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('and listens is told so', async () => {
    rig.run();
    rig.desire(1, [
      await background('1', `${server} & sleep 2; exit 0`, { health: { intervalMs: 2000 } }),
    ]);
    const { reason } = await rig.until(1, 'failed');
    expect(reason!.message).toContain('a process that listens');
  });

  it('as a worker without traffic fails, too', async () => {
    rig.run();
    rig.desire(1, [await rig.worker('1', shell(`setsid ${process.execPath} worker.mjs & exit 0`))]);
    const { reason } = await rig.until(1, 'failed');
    expect(reason?.code).toBe('daemonised');
  });

  it.each([
    ['ends well and leaves nothing', 'exit 0', /code 0/],
    ['fails and leaves a process', `setsid ${server} & exit 3`, /code 3 and left 1 process/],
  ])('is another matter than one that %s', async (_what, script, said) => {
    rig.run();
    rig.desire(1, [await background('1', script)]);
    const { reason } = await rig.until(1, 'failed');
    expect(reason).toMatchObject({ code: 'exited', message: expect.stringMatching(said) });
  });

  it('is another matter than a shell that waits for its server', async () => {
    rig.run();
    rig.desire(1, [await background('1', `${server} & wait`)]);
    await rig.until(1, 'healthy');
    expect(await rig.get()).toBe('1');
  });
});

it('measures what has left the group: a service whose workers are detached has their memory and CPU', async () => {
  const busy = `
    import { spawn } from 'node:child_process';
    if (process.argv[2] === 'busy') for (;;) {}
    spawn(process.execPath, ['worker.mjs', 'busy'], { detached: true, stdio: 'ignore' }).unref();
    setInterval(() => {}, 1000);`;
  rig.run();
  rig.desire(1, [await rig.worker('1', {}, busy)]);
  await rig.until(1, 'healthy');
  const cpuMs = () => rig.plane.reports.at(-1)?.metrics[0]?.cpuMs ?? 0;
  await eventually('two seconds of its CPU are seen', () => cpuMs() > 2000, 30_000);
});

it('leaves alone what a hook has started on purpose, and ends what a failed one has', async () => {
  const hook = (name: string, end: string) => ({
    command: 'sh',
    args: [
      '-c',
      `setsid sh -c '${note(name)}; exec sleep 300' & while [ ! -s ${join(rig.home, name)} ]; do sleep 0.05; done; ${end}`,
    ],
  });
  rig.run();
  rig.desire(1, [await rig.worker('1', { hooks: { start: hook('meant', 'exit 0') } })]);
  await rig.until(1, 'healthy');
  const [meant] = await pidsIn('meant');
  rig.desire(2, [await rig.worker('2', { hooks: { start: hook('failed', 'exit 1') } })]);
  await rig.until(2, 'failed');
  const [failed] = await pidsIn('failed');
  expect([isAlive(meant!), isAlive(failed!)]).toEqual([true, false]);
});
