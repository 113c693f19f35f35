import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal } from '../journal/journal.js';
import { Families } from './families.js';
import { HookRunner, type HookRun } from './hook-runner.js';
import { ModuleOutput } from './module-output.js';

const home = mkdtempSync(join(tmpdir(), 'tidegate-hooks-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

it('runs once for two who ask at the same time, and tells both how it ended', async () => {
  const journal = Journal.open(join(home, 'journal'));
  const runner = new HookRunner(journal, new Families());
  const diary = join(home, 'diary');
  const what = {
    key: { moduleId: 'm', generation: 2, releaseId: 'r', hook: 'stop' },
    hook: {
      command: 'sh',
      args: ['-c', `echo ran >> ${diary}; sleep 0.2`],
      timeoutMs: 10_000,
      idempotent: false,
    },
    directory: home,
    environment: { PATH: '/usr/bin:/bin' },
    output: new ModuleOutput(join(home, 'logs')),
  } satisfies HookRun;
  await Promise.all([runner.run(what), runner.run(what)]);
  await runner.run(what);
  expect(readFileSync(diary, 'utf8')).toBe('ran\n');
  journal.close();
});

it('has nothing more to say of a leftover that is over and may be repeated', async () => {
  const journal = Journal.open(join(home, 'leftovers'));
  const key = { moduleId: 'm', generation: 1, releaseId: 'r' };
  journal.hookStarted(
    { ...key, hook: 'start' },
    { runId: 'run', timeoutMs: 1000, isRepeatable: true },
  );
  journal.hookStarted(
    { ...key, hook: 'stop' },
    { runId: 'run', timeoutMs: 1000, isRepeatable: false },
  );
  const runner = new HookRunner(journal, new Families());
  await runner.endLeftovers('m', 1);
  expect(journal.unendedHooks('m')).toHaveLength(2);
  await runner.endLeftovers('m', 2);
  expect(journal.unendedHooks('m')).toMatchObject([{ hook: 'stop' }]);
  journal.close();
});

it.each([
  ['x'.repeat(300_000), 'E2BIG', /too long together/],
  ['', 'ENOENT', /There is no "\.\/nothing" in the artifact: .* in hooks\.start\.command/],
])('has failed, and is not in doubt, when it cannot be started', async (text, code, message) => {
  const journal = Journal.open(join(home, code));
  const what = {
    key: { moduleId: 'm', generation: 2, releaseId: 'r', hook: 'start' },
    hook: { command: './nothing', args: [], timeoutMs: 1000, idempotent: false },
    directory: home,
    environment: { PATH: '/usr/bin:/bin', TEXT: text },
    output: new ModuleOutput(join(home, 'logs')),
  } satisfies HookRun;
  if (text !== '') what.hook.command = 'true';
  const runner = new HookRunner(journal, new Families());
  for (const _ of ['once', 'again']) {
    await expect(runner.run(what)).rejects.toMatchObject({ code: 'hook-failed', state: 'failed' });
  }
  expect(journal.hookPhase(what.key)).toBe('failed');
  await expect(runner.run({ ...what, key: { ...what.key, generation: 4 } })).rejects.toMatchObject({
    message: expect.stringMatching(message) as string,
  });
  journal.close();
});
