import fc from 'fast-check';
import {
  began,
  done,
  entriesOf,
  failed,
  planned,
  status,
} from '../../test/support/decide-input.js';
import { emptyJournal, foldEntry, foldJournal, stepKey } from './journal.js';

const fold = (lines: Parameters<typeof entriesOf>[0]) => foldJournal(entriesOf(lines));
const record = (lines: Parameters<typeof entriesOf>[0], step: string, plan = 1) =>
  fold(lines).steps.get(stepKey(plan, step));

describe('the folded journal', () => {
  it('of nothing is empty', () => {
    expect(foldJournal([])).toEqual(emptyJournal);
  });

  it('knows its plans, its last verb and its last sequence', () => {
    const folded = fold([
      { kind: 'created', plan: 0 },
      planned,
      { kind: 'requested', plan: 0, data: { number: 1 } },
      { kind: 'applied', data: { number: 1 } },
      { kind: 'undo-planned', plan: 2 },
      { kind: 'step-note', step: 'a' },
    ]);
    expect(folded).toMatchObject({
      planNumber: 1,
      undoPlanNumber: 2,
      lastVerb: 1,
      lastSeq: 6,
    });
    expect(folded.steps.size).toBe(0);
  });

  it('follows a step over its attempts', () => {
    const lines = [began('a', 5), failed('a', 6, 1), began('a', 7, 2)];
    expect(record(lines, 'a')).toMatchObject({
      startedAt: 5,
      attempt: 2,
      status: 'started',
      endedAt: null,
      message: null,
    });
    const ended = record([...lines, { ...done('a', 9), data: { size: 1 } }], 'a');
    expect(ended).toMatchObject({ status: 'succeeded', endedAt: 9, output: { size: 1 } });
  });

  it('keeps what a failure said, and no output of it', () => {
    const lines = [failed('a', 6, 3, { terminal: true, message: 'bad', extra: 1 })];
    expect(record(lines, 'a')).toMatchObject({
      status: 'failed',
      terminal: true,
      message: 'bad',
      attempt: 3,
      output: {},
    });
  });

  it('keeps steps of the same name in two plans apart', () => {
    const lines = [began('a', 1), began('a', 2, 1, 2)];
    expect(record(lines, 'a', 1)?.startedAt).toBe(1);
    expect(record(lines, 'a', 2)?.startedAt).toBe(2);
  });

  it('carries passed checks over into a new plan, and nothing else', () => {
    const folded = fold([
      planned,
      done('preflight', 3),
      began('slot', 4),
      failed('recheck', 5, 1),
      { kind: 'replanned', plan: 11 },
    ]);
    expect(folded.planNumber).toBe(11);
    expect(folded.steps.get(stepKey(11, 'preflight'))).toMatchObject({ endedAt: 3 });
    expect(folded.steps.has(stepKey(11, 'slot'))).toBe(false);
    expect(folded.steps.has(stepKey(11, 'recheck'))).toBe(false);
    // Plan 1 must not be taken for plan 11 when there is a plan 12.
    const next = foldEntry(folded, entriesOf([{ kind: 'replanned', plan: 12 }])[0]!);
    expect([...next.steps.keys()].filter((key) => key.startsWith('12:'))).toEqual(['12:preflight']);
  });

  it('forgets when a step began once it begins anew', () => {
    const lines = [
      began('a', 10),
      status('Paused', 20),
      status('Running', 50),
      { ...began('a', 51), data: { restarted: true } },
    ];
    expect(record(lines, 'a')).toMatchObject({ startedAt: 51, pausedMsBefore: 30 });
  });

  describe('adds up pauses', () => {
    it('that are over', () => {
      const lines = [status('Paused', 10), status('Running', 25), status('Paused', 40)];
      expect(fold(lines)).toMatchObject({ pausedMs: 15, pausedSince: 40 });
      expect(fold([...lines, status('RollingBack', 100)])).toMatchObject({
        pausedMs: 75,
        pausedSince: null,
      });
    });

    it('and knows how much there had been when a step began', () => {
      const lines = [status('Paused', 10), status('Running', 25), began('a', 30)];
      expect(record(lines, 'a')).toMatchObject({ pausedMsBefore: 15 });
      expect(record([...lines, done('a', 90)], 'a')).toMatchObject({ pausedMsBefore: 15 });
    });

    it('and takes no other change of status for one', () => {
      expect(fold([status('Running', 10)])).toMatchObject({ pausedMs: 0, pausedSince: null });
    });
  });

  it('is the same whether folded at once or entry by entry, and never changes what it was', () => {
    const kinds = ['step-started', 'step-succeeded', 'step-failed', 'status-changed', 'replanned'];
    const line = fc.record({
      kind: fc.constantFrom(...(kinds as ['step-started'])),
      at: fc.nat(1_000),
      plan: fc.integer({ min: 1, max: 3 }),
      step: fc.constantFrom('a', 'b'),
      data: fc.record({ status: fc.constantFrom('Paused', 'Running') }),
    });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 25 }), fc.nat(25), (lines, at) => {
        const entries = entriesOf(lines);
        const first = foldJournal(entries.slice(0, at));
        expect(foldJournal(entries.slice(at), first)).toEqual(foldJournal(entries));
        let folded = emptyJournal;
        for (const entry of entries) {
          const before = structuredClone(folded);
          const next = foldEntry(folded, entry);
          expect(folded).toEqual(before);
          folded = next;
        }
        expect(folded).toEqual(foldJournal(entries));
        expect(folded.lastSeq).toBe(entries.length);
      }),
    );
  });
});
