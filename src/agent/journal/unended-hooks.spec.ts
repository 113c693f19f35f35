import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HookName } from '../protocol/manifest.js';
import type { DesiredModule } from '../protocol/protocol.js';
import { type HookKey, type InstanceRecord, Journal } from './journal.js';
import { MOST_UNENDED_HOOKS } from './unended-hooks.js';

let home: string;
let journal: Journal;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tidegate-unended-'));
  journal = Journal.open(join(home, 'journal'));
});
afterEach(() => {
  journal.close();
  rmSync(home, { recursive: true, force: true });
});

const moduleId = 'm';
const releaseId = 'r';
const release = { releaseId } as DesiredModule['releases'][number];
const once = { runId: 'run', timeoutMs: 1000, isRepeatable: false };
const key = (generation: number, hook: HookName = 'start'): HookKey => ({
  moduleId,
  generation,
  releaseId,
  hook,
});
const accept = (generation: number, releases: DesiredModule['releases'] = []) =>
  journal.accepted({ moduleId, name: 'm', generation, signatureRequired: false, releases }, 'd');
const generations = () => journal.unendedHooks(moduleId).map((one) => one.generation);

it('are remembered over newer generations, a compacted journal and a restart', () => {
  journal.hookStarted(key(1), once);
  for (let generation = 2; generation < 600; generation += 1) accept(generation);
  journal.close();
  journal = Journal.open(join(home, 'journal'));
  expect(journal.unendedHooks(moduleId)).toEqual([
    { generation: 1, releaseId, hook: 'start', ...once },
  ]);
  expect(journal.hookPhase(key(1))).toBeUndefined();
});

it('are forgotten when their end is known, in whatever generation', () => {
  journal.hookStarted(key(1), once);
  journal.hookStarted(key(1, 'stop'), once);
  accept(2);
  journal.hookEnded(key(1), 'failed');
  journal.hookOver(key(1, 'stop'));
  expect(generations()).toEqual([]);
});

it('are so many at most', () => {
  for (let generation = 1; generation <= MOST_UNENDED_HOOKS + 2; generation += 1) {
    journal.hookStarted(key(generation), once);
    // A second time, as an idempotent one: it is still one hook.
    journal.hookStarted(key(generation), once);
  }
  expect(generations()).toHaveLength(MOST_UNENDED_HOOKS);
  expect(generations()[0]).toBe(3);
});

it.each([
  ['done', 'done'],
  ['retry', undefined],
] as const)('may be repeated when a person says %s of them generations later', (outcome, phase) => {
  journal.hookStarted(key(1), once);
  accept(2, [release]);
  journal.hookEnded(key(2, 'beforeInstall'), 'done');
  accept(3, [{ ...release, hookAnswer: { generation: 2, outcome } }]);
  expect(journal.hookPhase(key(3))).toBe(phase);
  expect(journal.hookPhase(key(3, 'beforeInstall'))).toBe('done');
  expect(journal.unendedHooks(moduleId)).toMatchObject([{ generation: 1, isRepeatable: true }]);
});

it('are not meant by an answer about an earlier generation, or another release', () => {
  journal.hookStarted(key(2), once);
  const hookAnswer = { generation: 1, outcome: 'done' } as const;
  accept(3, [{ ...release, hookAnswer }]);
  accept(4, [{ ...release, releaseId: 'other', hookAnswer: { ...hookAnswer, generation: 3 } }]);
  expect(journal.hookPhase(key(4))).toBeUndefined();
  expect(journal.unendedHooks(moduleId)).toMatchObject([{ isRepeatable: false }]);
});

it('do not stand in the way of the stop of another instance, when they stopped one', () => {
  accept(1, [release]);
  journal.instanceStarting({ instance: 'i', moduleId, release } as InstanceRecord);
  journal.hookStarted(key(1), once);
  journal.hookStarted(key(1, 'stop'), once);
  journal.instanceGone('i');
  expect(journal.unendedHooks(moduleId)).toMatchObject([
    { hook: 'start', isRepeatable: false },
    { hook: 'stop', isRepeatable: true },
  ]);
});
