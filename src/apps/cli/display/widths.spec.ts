import type { Deployment } from '#sdk';
import { cellWidth, splitAt } from './cell-width.js';
import { deploymentView } from './deployment-view.js';
import { table } from './table.js';
import { Terminal, type Streams } from './terminal.js';
import { wrapped } from './wrapped.js';

const MODULE = `payments-${'m'.repeat(54)}`;
const VERSION = `2.1.0-rc.1+build.${'7'.repeat(47)}`;
const ENVIRONMENT = `Production 支払い処理 ${'e'.repeat(23)}`;
const ADDRESS = '2001:0db8:85a3:0000:0000:8a2e:0370:7334';
const ID = '0199a3c2-7d1e-7c4a-9d55-0f6f3b1c2a10';
const REASON =
  'errors 3.1 % against 0.2 %, allowed 1.2 %; latency p95 120 ms against 110 ms, allowed 127 ms; CPU 0.62 cores against 0.50 cores';

const deployment = {
  status: 'RollingBack',
  reason: null,
  moduleName: MODULE,
  version: VERSION,
  targetEnvironment: ENVIRONMENT,
  cluster: 'eu-1',
  finishedAt: null,
  waitingOn: {
    detail: `wave 2 is being watched: ${REASON}`,
    who: 'someone who may operate deployments; otherwise it opens when the wave has settled',
    verb: 'promote',
    until: '2026-03-01T10:35:00.000Z',
  },
  progress: {
    percent: 36,
    waves: [
      { wave: 1, nodes: [`node-${'n'.repeat(58)}`, 'node-2'], state: 'settled' },
      { wave: 2, nodes: [ADDRESS, ADDRESS], state: 'watching' },
    ],
  },
  gateCheck: {
    step: 'w2.stabilization',
    verdict: 'waiting',
    reason: REASON,
    reading: { errors: { value: 0.031, baseline: 0.002, allowed: 0.012, ok: false } },
  },
  decision: null,
} as unknown as Deployment;

/** Without spaces and line ends: what is left of a text however it was broken. */
const letters = (lines: readonly string[]) => lines.join('').replace(/\s/g, '');

describe('the width of a text', () => {
  it.each([
    ['payments', 8],
    ['é', 1],
    ['é', 1],
    ['支払い', 6],
    ['ｱ', 1],
    ['한글', 4],
    ['🚀', 2],
    ['a\u200bb', 2],
    ['…·→', 3],
  ])('of %j is %i cells', (text, cells) => expect(cellWidth(text)).toBe(cells));

  it('splits between letters, never in one', () => {
    expect(splitAt('支払い', 3)).toEqual(['支', '払い']);
    expect(splitAt('支', 1)).toEqual(['支', '']);
    expect(splitAt('éa', 1)).toEqual(['é', 'a']);
  });
});

describe.each([40, 80, 200])('in a terminal of %i columns', (terminal) => {
  const columns = terminal - 1;
  const style = { columns, hasColor: false, isUtc: true };

  it('a deployment keeps within it, and loses nothing that decides', () => {
    const lines = deploymentView(deployment, style);
    expect(lines.filter((line) => cellWidth(line) > columns)).toEqual([]);
    const said = letters(lines);
    const decides = [MODULE, VERSION, ENVIRONMENT, 'RollingBack', '36 %', REASON, 'limit 1.2 %'];
    for (const text of [...decides, 'over', 'promote', deployment.waitingOn!.who, '10:35:00Z']) {
      expect(said).toContain(letters([text]));
    }
    expect(lines.slice(1).every((line) => line.startsWith('  ') || columns < 80)).toBe(true);
  });

  it('a table keeps within it, and loses nothing', () => {
    const heads = ['ID', 'MODULE', 'VERSION', 'TO', 'FROM', 'WHY'];
    const rows = [
      [ID, MODULE, VERSION, ENVIRONMENT, ADDRESS, REASON],
      [ID, 'a', '1', 'QA', '::1', ''],
    ];
    const lines = table(heads, rows, columns);
    const longest = Math.max(...[ID, MODULE, VERSION].map((text) => text.length));
    const isWhole = (line: string) => cellWidth(line) <= Math.max(columns, longest + 9);
    expect(lines.filter((line) => !isWhole(line))).toEqual([]);
    for (const text of [ID, MODULE, VERSION, ADDRESS]) {
      expect(lines.some((line) => line.includes(text))).toBe(true);
    }
    expect(letters(lines)).toContain(terminal < 200 ? letters([REASON]) : 'errors');
  });
});

describe('a table', () => {
  const heads = ['NAME', 'WHY', 'ID'];

  it('breaks words of a column, not names, where that is enough', () => {
    expect(table(heads, [['支払い', 'as it was before the move', ID]], 64)).toEqual([
      'NAME    WHY                 ID',
      `支払い  as it was before    ${ID}`,
      '        the move',
    ]);
  });

  it('becomes a block for each row where names would be broken', () => {
    const rows = [
      ['payments', 'as it was before the move', ID],
      ['orders', '', ID],
    ];
    expect(table(heads, rows, 44)).toEqual([
      'NAME  payments',
      'WHY   as it was before the move',
      `ID    ${ID}`,
      '',
      'NAME  orders',
      `ID    ${ID}`,
    ]);
  });

  it('is left as it is where no terminal is, and takes no orders', () => {
    expect(table(heads, [['a\u001b[2J', 'w'.repeat(300), ID]])).toHaveLength(2);
    expect(table(heads, [['a\u001b[2J', '', '']]).join('')).not.toContain('\u001b');
  });
});

describe('a line', () => {
  it('is broken between words, and what follows is set in', () => {
    expect(wrapped('  reason: errors of node-1 were over', 20)).toEqual([
      '  reason: errors of',
      '    node-1 were over',
    ]);
    expect(wrapped(`  ${'x'.repeat(30)}`, 20)).toEqual([
      `  ${'x'.repeat(18)}`,
      `    ${'x'.repeat(12)}`,
    ]);
    expect(wrapped('', 20)).toEqual(['']);
  });
});

describe('where lines go', () => {
  const terminalOf = (stdout: object, more: object = {}) =>
    new Terminal({ stdout } as unknown as Streams, {
      isJson: false,
      isUtc: true,
      mayColor: true,
      ...more,
    });

  it('a file and a pipe get whole lines without colours', () => {
    expect(terminalOf({ columns: 80 }).style).toMatchObject({ columns: Infinity, hasColor: false });
  });

  it('a terminal is asked for its width each time, and has colours unless they are refused', () => {
    const stdout = { isTTY: true, columns: 80 };
    const terminal = terminalOf(stdout);
    expect(terminal.style).toMatchObject({ columns: 79, hasColor: true });
    stdout.columns = 40;
    expect(terminal.style.columns).toBe(39);
    expect(terminalOf({ isTTY: true, columns: 0 }, { mayColor: false }).style).toMatchObject({
      columns: 79,
      hasColor: false,
    });
  });
});
