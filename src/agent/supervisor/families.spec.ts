import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { newId } from '../../kernel/ids.js';
import { ControlGroups, removeControlGroup } from './control-groups.js';
import { endFamily } from './end-family.js';
import { Families, type Family, INSTANCE_VARIABLE } from './families.js';
import { bootId, controlGroupsOf, readProcess, startTimeOf } from './proc.js';

const home = mkdtempSync(join(tmpdir(), 'tidegate-families-'));
const begun: Family[] = [];
afterAll(async () => {
  for (const family of begun) await endFamily(new Families(), family, 0);
  rmSync(home, { recursive: true, force: true });
});

/** The script writes the pid that matters into $OUT. */
async function start(
  script: string,
  mark = true,
): Promise<{ family: Family; pid: number; child: ChildProcess }> {
  const id = newId();
  const out = join(home, id);
  const child = spawn('sh', ['-c', script], {
    detached: true,
    stdio: 'ignore',
    env: { PATH: process.env.PATH, OUT: out, ...(mark && { [INSTANCE_VARIABLE]: id }) },
  });
  const identity = { pid: child.pid!, startTime: startTimeOf(child.pid!), bootId };
  const family = { id, identity };
  begun.push(family);
  await until(() => existsSync(out) && readFileSync(out, 'utf8').endsWith('\n'));
  return { family, pid: Number(readFileSync(out, 'utf8')), child };
}

async function until(isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error('not in time');
    await pause(10);
  }
}

const pidsOf = (families: Families, family: Family) => families.of(family).map(({ pid }) => pid);
const isGone = (pid: number) => ['Z', undefined].includes(readProcess(pid)?.state);

const write = `sh -c 'echo $$ > "$OUT"; exec sleep 60'`;

describe('a family of processes', () => {
  it.each([
    ['has left group and session', `setsid ${write} & exec sleep 60`],
    ['has lost its parent as well', `(setsid ${write} &); exec sleep 60`],
    ['has cleared its environment, and still has its parent', `env -i PATH="$PATH" OUT="$OUT" setsid ${write} & exec sleep 60`], // prettier-ignore
    ['has cleared its environment and lost its parent, but not its session', `(env -i PATH="$PATH" OUT="$OUT" ${write} &); exec sleep 60`], // prettier-ignore
  ])('has whoever %s', async (_what, script) => {
    const { family, pid } = await start(script);
    expect(pidsOf(new Families(), family)).toContain(pid);
    const { escaped } = await endFamily(new Families(), family, 1000);
    expect(isGone(pid)).toBe(true);
    expect(escaped).toBe(script.includes('setsid') ? 1 : 0);
  });

  it('has what its dead leader has left, and counts it', async () => {
    // Both have left the session before the pid is written, however slow the machine is.
    const two = `setsid sh -c 'sleep 60 & echo $$ > "$OUT"; exec sleep 60'`;
    const { family, pid, child } = await start(`${two} & exec sleep 60`);
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    expect(pidsOf(new Families(), family)).toContain(pid);
    expect(await endFamily(new Families(), family, 1000)).toEqual({ escaped: 2 });
  });

  it('keeps whom it has seen once, whatever becomes of environment, session and parent', async () => {
    // A middle process that ends later: until then its child is known by it alone.
    const last = `setsid sh -c 'echo $$ > "$OUT"; exec sleep 60'`;
    const script = `sh -c 'env -i PATH="$PATH" OUT="$OUT" ${last.replaceAll("'", '"').replaceAll('"$OUT"', '\\"$OUT\\"').replace('$$', '\\$\\$')} & exec sleep 61' & exec sleep 60`;
    const { family, pid } = await start(script);
    const families = new Families();
    expect(pidsOf(families, family)).toContain(pid);
    for (const one of families.of(family)) if (one.pid !== pid) process.kill(one.pid, 'SIGKILL');
    await until(() => families.of(family).length === 1);
    expect(pidsOf(families, family)).toEqual([pid]);
    // Whoever has not seen it cannot know.
    expect(pidsOf(new Families(), family)).toEqual([]);
    await endFamily(families, family, 1000);
    expect(isGone(pid)).toBe(true);
  });

  it('has nobody of another family, nor this process', async () => {
    const [one, other] = [
      await start(`${write} & exec sleep 60`),
      await start(`${write} & exec sleep 60`),
    ];
    const found = new Families().find([one.family, other.family]);
    const pids = (family: Family) => found.get(family.id)!.map(({ pid }) => pid);
    expect(pids(one.family)).toContain(one.pid);
    expect(pids(one.family).filter((pid) => pids(other.family).includes(pid))).toEqual([]);
    await endFamily(new Families(), one.family, 1000);
    expect(pidsOf(new Families(), other.family)).toContain(other.pid);
  });

  it('is not taken for another one that has come to own the pid', async () => {
    const { family, pid } = await start(`${write} & exec sleep 60`, false);
    const identity = { ...family.identity!, startTime: '1' };
    await endFamily(new Families(), { id: newId(), identity }, 100);
    await endFamily(
      new Families(),
      { id: newId(), identity: { ...family.identity!, bootId: 'x' } },
      100,
    );
    expect(isGone(pid)).toBe(false);
    expect(pidsOf(new Families(), family)).toContain(pid);
  });
});

describe('the control group of an instance', () => {
  const groups = ControlGroups.find();
  // Who may make none (another user than root, a container with a read-only tree) has none to find by.
  const finds: (name: string, test: () => Promise<void>) => void = groups ? it : () => undefined;

  finds('finds whoever has cleared everything else that tells, and is gone with it', async () => {
    const id = newId();
    const path = groups!.pathOf(id);
    const out = join(home, id);
    const script = `(env -i PATH="$PATH" OUT="$OUT" setsid ${write} &)`;
    const env = { PATH: process.env.PATH, OUT: out };
    const child = groups!.within(path, () => spawn('sh', ['-c', script], { env, stdio: 'ignore' }));
    await once(child, 'exit');
    await until(() => existsSync(out) && readFileSync(out, 'utf8').endsWith('\n'));
    const pid = Number(readFileSync(out, 'utf8'));
    const family = { id, identity: null, controlGroup: path };
    expect(pidsOf(new Families(), family)).toEqual([pid]);
    expect(controlGroupsOf(process.pid)).not.toContain(id);
    await endFamily(new Families(), family, 0);
    expect(isGone(pid)).toBe(true);
    removeControlGroup(path);
    expect(existsSync(path)).toBe(false);
  });

  it('is not made where nothing may be made, and the release starts all the same', () => {
    expect(ControlGroups.find([join(home, 'not-there'), home])).toBeNull();
    expect(existsSync(join(home, `tidegate-instance-trial-${process.pid}`))).toBe(false);
  });
});
