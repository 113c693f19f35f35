import { type ExportHead, type ExportLine, writeExportLine } from './export-lines.js';
import { ExportLineError, ExportReader } from './read-export.js';
import { leafHash } from './tree.js';

const HASH = leafHash(Buffer.from('something'));
const head: ExportHead = {
  kind: 'head',
  origin: 'tidegate/audit/x',
  from: 1,
  edge: [HASH],
  size: 3,
  checkpoint: 'a note\n',
  filter: null,
};
const entry: ExportLine = {
  kind: 'entry',
  sequence: 1,
  leaf: '{"id":"1"}',
  hash: HASH,
  personal: { '/actor/name': { value: 'ana', salt: 'ab'.repeat(16) } },
  proof: null,
};
const gone: ExportLine = { ...entry, sequence: 2, leaf: null, personal: {} };
const checkpoint: ExportLine = { kind: 'checkpoint', checkpoint: 'a note\n' };
const end: ExportLine = { kind: 'end', end: 3, next: null };
const filtered: ExportHead = { ...head, edge: [], filter: { action: 'deployment-created' } };
const chosen: ExportLine = { ...entry, hash: null, proof: [HASH, HASH] };

function read(lines: readonly (ExportLine | object | string)[]) {
  const reader = new ExportReader();
  const text = (line: ExportLine | object | string) => {
    if (typeof line === 'string') return line;
    return 'kind' in line ? writeExportLine(line).slice(0, -1) : JSON.stringify(line);
  };
  return { lines: lines.map((line) => reader.read(text(line))), reader };
}

const fieldsOf = (line: ExportLine): object => JSON.parse(writeExportLine(line)) as object;

describe('the lines of an export', () => {
  it('are read as they were written', () => {
    for (const lines of [
      [head, entry, checkpoint, gone, end],
      [filtered, chosen, end],
    ]) {
      const { lines: seen, reader } = read(lines);
      expect(seen).toEqual(lines);
      expect([reader.isComplete, reader.lineNumber]).toEqual([true, lines.length]);
    }
    expect(read([head, entry]).reader.isComplete).toBe(false);
  });

  it.each<[string, readonly (ExportLine | object | string)[], RegExp]>([
    ['an empty line', [''], /^line 1: not JSON/],
    ['half a line', [head, '{"sequence":1,"lea'], /^line 2: not JSON/],
    ['a list', [head, []], /line 2: it must be an object/],
    ['another format', [{ format: 'x/2' }], /line 1: not an exported audit log/],
    ['entries without a beginning', [entry], /line 1: not an exported audit log/],
    ['two beginnings', [head, head], /line 2: a second beginning/],
    ['something after the end', [head, end, entry], /line 3: something after the last line/],
    [
      'a field that nobody knows',
      [head, { ...fieldsOf(entry), more: 1 }],
      /"more" does not belong/,
    ],
    ['a line that nobody knows', [head, { note: 'x' }], /"note" does not belong/],
    ['an edge of another size', [{ ...head, from: 3 }], /not the edge of that tree/],
    ['more left out than there is', [{ ...head, from: 4, edge: [HASH] }], /"from" is larger/],
    ['a size that is none', [{ ...fieldsOf(head), size: -1 }], /"size" must be a whole number/],
    ['a hash that is none', [{ ...fieldsOf(head), edge: ['AAAA'] }], /"edge" must be SHA-256/],
    [
      'a sequence that is none',
      [head, { ...fieldsOf(entry), sequence: 1.5 }],
      /"sequence" must be/,
    ],
    ['a leaf that is none', [head, { ...fieldsOf(entry), leaf: 'x' }], /not JSON/],
    [
      'half a character',
      [head, { ...fieldsOf(entry), leaf: '{"a":"\ud800"}' }],
      /half a character/,
    ],
    ['gone without a hash', [head, { ...gone, hash: null }], /without its "hash"/],
    ['no salt', [head, { ...fieldsOf(entry), personal: { '/a': { value: 1 } } }], /must be a text/],
    [
      'a wrong salt',
      [head, { ...fieldsOf(entry), personal: { '/a': { value: 1, salt: 'x' } } }],
      /salt/,
    ],
    ['a proof of nothing chosen', [head, chosen], /a "proof", though/],
    ['a chosen one without', [filtered, entry], /without its "proof"/],
    ['a checkpoint among chosen ones', [filtered, checkpoint], /among chosen entries/],
    ['an end too early', [head, { ...end, end: 2 }], /not that of this export/],
    ['an end that goes on after all', [head, { ...end, next: 3 }], /not that of this export/],
    ['a line without an end', [head, 'x'.repeat(1024 * 1024 + 1)], /longer than a line can be/],
  ])('refuse %s', (_what, lines, message) => {
    expect(() => read(lines)).toThrow(message);
    expect(() => read(lines)).toThrow(ExportLineError);
  });
});
