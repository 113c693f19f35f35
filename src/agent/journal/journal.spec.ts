import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DesiredModule } from '../protocol/protocol.js';
import { type InstanceRecord, Journal } from './journal.js';

let home: string;
let path: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tidegate-journal-'));
  path = join(home, 'journal');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const moduleId = '01890000-0000-7000-8000-000000000001';
const module = (generation: number): DesiredModule => ({
  moduleId,
  name: 'orders',
  generation,
  signatureRequired: false,
  releases: [],
});

it('remembers everything across a restart', () => {
  const journal = Journal.open(path);
  const key = { moduleId, generation: 3, releaseId: 'r', hook: 'afterInstall' as const };
  journal.accepted(module(3), 'd3');
  journal.revisionAccepted(7, 1000);
  journal.hookStarted(key, { runId: 'run', timeoutMs: 1000, isRepeatable: false });
  journal.instanceStarting({ instance: 'i', moduleId, identity: null } as InstanceRecord);
  const identity = { pid: 5, startTime: '1', bootId: 'b' };
  journal.instanceStarted('i', identity);
  journal.instanceRetiring('i');
  journal.close();
  const again = Journal.open(path);
  expect(again.revision).toBe(7);
  expect(again.module(moduleId).accepted).toEqual({ module: module(3), digest: 'd3' });
  expect(again.hookPhase(key)).toBe('started');
  expect(again.instances(moduleId)).toMatchObject([{ identity, isRetiring: true }]);
});

it('drops a torn last line and goes on appending', () => {
  const journal = Journal.open(path);
  journal.accepted(module(1), 'd1');
  journal.accepted(module(2), 'd2');
  const whole = readFileSync(path);
  for (const cut of [1, 10, 40]) {
    writeFileSync(path, whole.subarray(0, whole.length - cut));
    const torn = Journal.open(path);
    expect(torn.module(moduleId).accepted?.module.generation).toBe(1);
    torn.accepted(module(9), 'd9');
    expect(Journal.open(path).module(moduleId).accepted?.module.generation).toBe(9);
  }
});

it('refuses damage that no crash explains', () => {
  const journal = Journal.open(path);
  journal.accepted(module(1), 'd1');
  journal.accepted(module(2), 'd2');
  const text = readFileSync(path, 'utf8').replace('"generation":1', '"generation":8');
  writeFileSync(path, text);
  expect(() => Journal.open(path)).toThrow(expect.objectContaining({ code: 'journal-damaged' }));
});

it('stays small and loses nothing when it compacts', () => {
  const journal = Journal.open(path);
  for (let generation = 1; generation <= 1200; generation += 1) {
    journal.accepted(module(generation), `d${generation}`);
  }
  journal.close();
  expect(statSync(path).size).toBeLessThan(200_000);
  appendFileSync(path, 'torn');
  expect(Journal.open(path).module(moduleId).accepted?.module.generation).toBe(1200);
});

it('has written what it could not compact, and goes on', () => {
  const journal = Journal.open(path);
  // In the way of the compacted file.
  mkdirSync(`${path}.new`);
  for (let generation = 1; generation <= 600; generation += 1) {
    journal.accepted(module(generation), `d${generation}`);
  }
  journal.close();
  const again = Journal.open(path);
  expect(again.module(moduleId).accepted?.module.generation).toBe(600);
  rmSync(`${path}.new`, { recursive: true });
  for (let generation = 601; generation <= 1_700; generation += 1) {
    again.accepted(module(generation), `d${generation}`);
  }
  again.close();
  expect(readFileSync(path, 'utf8').split('\n').length).toBeLessThan(700);
  expect(Journal.open(path).module(moduleId).accepted?.module.generation).toBe(1_700);
});

it('forgets the hooks of a generation when the next one is accepted', () => {
  const journal = Journal.open(path);
  const key = { moduleId, generation: 1, releaseId: 'r', hook: 'start' as const };
  journal.accepted(module(1), 'd1');
  journal.hookEnded(key, 'done');
  expect(journal.hookPhase(key)).toBe('done');
  journal.accepted(module(2), 'd2');
  expect(journal.hookPhase(key)).toBeUndefined();
});

describe('a hook that a crash has cut off', () => {
  const releaseId = '01890000-0000-7000-8000-0000000000aa';
  const release = { releaseId } as DesiredModule['releases'][number];
  const key = (generation: number, hook: 'beforeInstall' | 'afterInstall' | 'validate') => ({
    moduleId,
    generation,
    releaseId,
    hook,
  });
  const answered = (outcome: 'done' | 'retry', about = 1) => ({
    ...module(2),
    releases: [{ ...release, hookAnswer: { generation: about, outcome } }],
  });
  let journal: Journal;
  beforeEach(() => {
    journal = Journal.open(path);
    journal.accepted({ ...module(1), releases: [release] }, 'd1');
    journal.hookEnded(key(1, 'beforeInstall'), 'done');
    journal.hookStarted(key(1, 'afterInstall'), {
      runId: 'run',
      timeoutMs: 1000,
      isRepeatable: false,
    });
    journal.hookEnded(key(1, 'validate'), 'failed');
  });

  it.each([
    ['done', 'done'],
    ['retry', undefined],
  ] as const)('is %s: then it counts as %s in the next generation', (outcome, phase) => {
    journal.accepted(answered(outcome), 'd2');
    journal.close();
    const again = Journal.open(path);
    expect(again.hookPhase(key(2, 'beforeInstall'))).toBe('done');
    expect(again.hookPhase(key(2, 'afterInstall'))).toBe(phase);
    expect(again.hookPhase(key(2, 'validate'))).toBeUndefined();
  });

  it('is answered in its own generation only', () => {
    journal.accepted(answered('done', 7), 'd2');
    expect(journal.hookPhase(key(2, 'beforeInstall'))).toBeUndefined();
    expect(journal.hookPhase(key(2, 'afterInstall'))).toBeUndefined();
  });

  it('is forgotten when nobody answers', () => {
    journal.accepted({ ...module(2), releases: [release] }, 'd2');
    expect(journal.hookPhase(key(2, 'beforeInstall'))).toBeUndefined();
  });
});
