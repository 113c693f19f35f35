import { describe, expect, it } from '@jest/globals';
import { foldJournal, type JournalEntry, type JournalKind } from '../../engine/journal.js';
import { leftOutSoFar } from './left-out.js';

describe('nodes that a rollout has left behind', () => {
  it('are counted over all waves, whether they were lost on the way or while watched', () => {
    const entry = (kind: JournalKind, stepId: string, data: object, seq: number): JournalEntry => ({
      ...{ seq, at: seq, planNumber: 1, stepId, attempt: 1, kind, actor: 'system:engine' },
      data: data as JournalEntry['data'],
    });
    const journal = foldJournal([
      entry('step-started', 'w1.converge', {}, 1),
      entry('step-succeeded', 'w1.converge', { settled: 3, leftOut: ['a'] }, 2),
      entry('step-started', 'w1.stabilization', {}, 3),
      entry('step-note', 'w1.stabilization', { leftOut: ['b'], message: 'lost' }, 4),
      entry('step-note', 'w2.stabilization', { leftOut: ['a', 'b'] }, 5),
    ]);
    expect([...leftOutSoFar(journal)]).toEqual(['a', 'b']);
  });
});
