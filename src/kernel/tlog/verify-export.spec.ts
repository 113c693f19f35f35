import fc from 'fast-check';
import { LogInMemory, ORIGIN, verifyLines } from '../../../test/support/exported-log.js';
import { writeExportLine } from './export-lines.js';
import { ExportReader } from './read-export.js';

/** Nine entries, sealed three at a time: lines 1 to 3, 5 to 7 and 9 to 11 are entries. */
const log = new LogInMemory(9);
const lines = log.whole();
const lineOf = (sequence: number) => 1 + sequence + Math.floor(sequence / 3);
const without = (at: number) => lines.toSpliced(at, 1);
const changed = (at: number, change: (fields: Record<string, unknown>) => object, of = lines) =>
  of.with(at, `${JSON.stringify(change(JSON.parse(of[at]!) as Record<string, unknown>))}\n`);
const swapped = (a: number, b: number) => lines.with(a, lines[b]!).with(b, lines[a]!);

describe('an exported log', () => {
  it('of any size, from anywhere, is proven to its end by whatever was kept of it', () => {
    const sizes = fc.integer({ min: 1, max: 300 }).chain((size) =>
      fc.record({
        size: fc.constant(size),
        each: fc.integer({ min: 1, max: 40 }),
        from: fc.integer({ min: 0, max: size }),
      }),
    );
    fc.assert(
      fc.property(sizes, ({ size, each, from }) => {
        const made = new LogInMemory(size, each);
        const report = verifyLines(made.whole(from), [made.kept(size)]);
        expect(report).toEqual({
          origin: ORIGIN,
          filter: null,
          from,
          size,
          entries: size - from,
          provenSize: size,
          keptAgree: 1,
          fault: null,
        });
      }),
      { numRuns: 50 },
    );
  });

  it('has a fault at or before any line that is taken out, doubled, moved or changed', () => {
    const entries = [0, 1, 2, 3, 4, 5, 6, 7, 8];
    const change = fc.record({
      at: fc.constantFrom(...entries),
      to: fc.constantFrom(...entries),
      how: fc.constantFrom('out', 'doubled', 'moved', 'leaf', 'leaf and hash', 'personal'),
    });
    fc.assert(
      fc.property(change, ({ at, to, how }) => {
        const line = lineOf(at);
        const fields = JSON.parse(lines[line]!) as Record<string, unknown>;
        const leaf = JSON.stringify({ other: 1 });
        const done: Record<string, () => string[]> = {
          out: () => without(line),
          doubled: () => lines.toSpliced(lineOf(to), 0, lines[line]!),
          moved: () => without(line).toSpliced(lineOf(to), 0, lines[line]!),
          leaf: () => changed(line, () => ({ ...fields, leaf })),
          'leaf and hash': () =>
            changed(line, ({ hash: _hash, ...rest }) => ({ ...rest, leaf, personal: {} })),
          personal: () =>
            changed(line, () => ({
              ...fields,
              personal: { '/actor/name': { value: 'eva', salt: 'ab'.repeat(16) } },
            })),
        };
        const now = done[how]!();
        fc.pre(now.join('') !== lines.join(''));
        const { fault, provenSize } = verifyLines(now);
        expect(fault).not.toBeNull();
        expect(fault!.sequence).toBeLessThanOrEqual(Math.max(at, to) + 1);
        expect(provenSize).toBeLessThan(9);
      }),
      { numRuns: 200 },
    );
  });

  it.each<[string, readonly string[], string, number]>([
    ['edited', changed(lineOf(4), (line) => ({ ...line, leaf: '{"other":1}' })), 'edited', 4],
    [
      'edited, and its hash with it',
      changed(lineOf(4), ({ hash: _, ...line }) => ({ ...line, leaf: '{}', personal: {} })),
      'rewritten',
      3,
    ],
    [
      'deleted from the database',
      changed(lineOf(4), (line) => ({ ...line, leaf: null, personal: {} })),
      'deleted',
      4,
    ],
    ['taken out', without(lineOf(4)), 'missing', 4],
    [
      'put in twice, and is the last',
      lines.toSpliced(lineOf(8), 0, lines[lineOf(8)]!),
      'inserted',
      8,
    ],
    ['put in twice', lines.toSpliced(lineOf(5), 0, lines[lineOf(4)]!), 'inserted', 4],
    [
      'put in after the last',
      lines.toSpliced(-1, 0, changed(lineOf(8), (line) => ({ ...line, sequence: 9 }))[lineOf(8)]!),
      'inserted',
      9,
    ],
    ['put into another order', swapped(lineOf(3), lineOf(4)), 'reordered', 3],
    ['cut off', lines.slice(0, lineOf(7)), 'truncated', 7],
    ['cut off, with an end', lines.toSpliced(-4, 3), 'truncated', 7],
    ['under a checkpoint of another place', swapped(4, 8), 'reordered', 3],
    [
      'under a checkpoint that nobody has signed',
      changed(4, () => ({ checkpoint: 'x' })),
      'unsigned',
      0,
    ],
  ])('of which an entry is %s', (_what, now, kind, sequence) => {
    const { fault, provenSize } = verifyLines(now);
    expect(fault).toMatchObject({ kind, sequence });
    expect(provenSize).toBeLessThanOrEqual(sequence);
  });

  it('that was sealed anew is contradicted by what was kept, and by nothing else', () => {
    const anew = new LogInMemory(9, 3, 'another');
    expect(verifyLines(anew.whole()).fault).toBeNull();
    const { fault, keptAgree } = verifyLines(anew.whole(), [log.kept(6)]);
    expect(fault).toMatchObject({ kind: 'resealed', sequence: 0, upTo: 5 });
    expect([fault!.text, keptAgree]).toEqual([expect.stringContaining('a file'), 0]);
  });

  it('is too short when more of it was kept', () => {
    const { fault } = verifyLines(new LogInMemory(6).whole(), [log.kept(9)]);
    expect(fault).toMatchObject({ kind: 'truncated', sequence: 6, upTo: 8 });
  });

  it('is nothing under a head that is not signed, or says another size', () => {
    expect(() => verifyLines(changed(0, (line) => ({ ...line, size: 10 })).slice(0, 1))).toThrow(
      /another log or size/,
    );
    expect(() =>
      verifyLines(changed(0, (line) => ({ ...line, checkpoint: 'x\n1\ny\n\n' }))),
    ).toThrow(/not a line of a signature/);
    const forged = (line: Record<string, unknown>) =>
      String(line['checkpoint']).replace('\n9\n', '\n8\n');
    expect(() =>
      verifyLines(
        changed(0, (line) => ({ ...line, size: 8, checkpoint: forged(line) })).slice(0, 1),
      ),
    ).toThrow(/wrong/);
  });
});

describe('a choice of entries', () => {
  it('has a proof for each, of whatever size the log is', async () => {
    const choices = fc.integer({ min: 1, max: 200 }).chain((size) =>
      fc.record({
        size: fc.constant(size),
        some: fc.uniqueArray(fc.integer({ min: 0, max: size - 1 }), { maxLength: 10 }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(choices, async ({ size, some }) => {
        const made = new LogInMemory(size);
        const report = verifyLines(await made.choice(some), [made.kept(size)]);
        expect(report).toMatchObject({ entries: some.length, fault: null, keptAgree: 1 });
      }),
      { numRuns: 30 },
    );
  });

  it('says which one is wrong', async () => {
    const some = await log.choice([7, 5, 2]);
    const faultOf = (now: readonly string[], kept = [] as Parameters<typeof verifyLines>[1]) =>
      verifyLines(now, kept).fault;
    expect(faultOf(some)).toBeNull();
    const edited = changed(2, (line) => ({ ...line, leaf: '{"other":1}' }), some);
    expect(faultOf(edited)).toMatchObject({ kind: 'edited', sequence: 5 });
    const moved = changed(2, (line) => ({ ...line, sequence: 4 }), some);
    expect(faultOf(moved)).toMatchObject({ kind: 'edited', sequence: 4 });
    const swap = some.with(1, some[2]!).with(2, some[1]!);
    expect(faultOf(swap)).toMatchObject({ kind: 'reordered', sequence: 7 });
    const twice = some.toSpliced(2, 0, some[2]!);
    expect(faultOf(twice)).toMatchObject({ kind: 'inserted', sequence: 5 });
    expect(faultOf(some.slice(0, 3))).toMatchObject({ kind: 'truncated' });
    const anew = new LogInMemory(9, 3, 'another');
    expect(faultOf(some, [anew.kept(9)])).toMatchObject({ kind: 'resealed' });
  });
});

it('every line is read as what it was written from', () => {
  const reader = new ExportReader();
  for (const line of lines) expect(writeExportLine(reader.read(line.trimEnd()))).toBe(line);
});
