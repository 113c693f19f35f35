import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { FailureLog } from '../protocol/failure-log.js';
import { maskOf } from '../supervisor/mask.js';
import { ModuleOutput } from '../supervisor/module-output.js';
import type { ReleaseSpec } from '../supervisor/release-spec.js';
import { Backoff } from '../transport/backoff.js';
import { ServerRefusal } from '../transport/control-plane.js';
import { FailureLogs } from './failure-logs.js';

const home = mkdtempSync(join(tmpdir(), 'tidegate-failures-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const moduleId = '01890000-0000-7000-8000-00000000000a';
const spec = { release: { releaseId: '01890000-0000-7000-8000-00000000000b' } } as ReleaseSpec;
const output = new ModuleOutput(home);

/** Answers one after the other; the last one for all that follow. */
function bench(answers: readonly (Error | null)[]) {
  const sent: FailureLog[] = [];
  const logs = new FailureLogs({
    launcher: { output: () => output, maskFor: () => maskOf({ PASSWORD: 'hunter2' }) },
    send: async (log) => {
      sent.push(log);
      const answer = answers[Math.min(sent.length, answers.length) - 1];
      if (answer) throw answer;
    },
    log: pino({ level: 'silent' }),
    betweenMs: 1,
    backoff: new Backoff(1, 2),
  });
  const note = (source: string, generation = 1) =>
    logs.note({ moduleId, generation, spec, source, code: 'exited' });
  return { logs, note, sent };
}

const until = async (isIt: () => boolean) => {
  for (let turn = 0; turn < 1000 && !isIt(); turn += 1)
    await new Promise((go) => setTimeout(go, 2));
  expect(isIt()).toBe(true);
};

beforeAll(() => writeFileSync(output.path('i-1'), 'starting\nwith hunter2\n'));

it('sends what was printed, masked, and once', async () => {
  const { logs, note, sent } = bench([null]);
  note('i-1');
  await until(() => sent.length === 1);
  await logs.stop();
  expect(sent).toEqual([
    expect.objectContaining({
      moduleId,
      generation: 1,
      source: 'i-1',
      code: 'exited',
      lines: ['starting', 'with [masked]'],
      isCut: false,
    }),
  ]);
});

it('sends nothing of what has printed nothing', async () => {
  const { logs, note, sent } = bench([null]);
  note('silent');
  await logs.stop();
  expect(sent).toEqual([]);
});

it('tries again while the server is away, with the newest of a module', async () => {
  const { logs, note, sent } = bench([new Error('away'), new Error('away'), null]);
  note('i-1', 1);
  note('i-1', 2);
  await until(() => sent.some(({ generation }) => generation === 2) && sent.length >= 3);
  await logs.stop();
  expect(sent.map(({ generation }) => generation)).toEqual([1, 2, 2]);
});

it('does not ask a server again that does not know such a thing', async () => {
  const { logs, note, sent } = bench([
    new ServerRefusal(404, 'route-not-found', 'no', undefined),
    null,
  ]);
  note('i-1', 1);
  await until(() => sent.length === 1);
  note('i-1', 2);
  await until(() => sent.length === 2);
  await logs.stop();
  expect(sent.map(({ generation }) => generation)).toEqual([1, 2]);
});

it('reads on in what was rotated away a moment before', async () => {
  writeFileSync(`${output.path('i-2')}.1`, 'before\n');
  writeFileSync(output.path('i-2'), 'after\n');
  const { logs, note, sent } = bench([null]);
  note('i-2');
  await until(() => sent.length === 1);
  await logs.stop();
  expect(sent[0]!.lines).toEqual(['before', 'after']);
});
