import type { components, Deployment, DeploymentEvent } from '#sdk';
import { deploymentFacts, deploymentView, deploymentViewWithin } from './deployment-view.js';
import { eventLine } from './event-line.js';
import { gateLines } from './gate-view.js';
import { LiveBlock } from './live-block.js';
import { nodeRow } from './node-row.js';
import { printable } from './printable.js';
import { table } from './table.js';
import { clockText, durationMs, durationText, timeText } from './times.js';
import { barText } from './upload-bar.js';

const style = { columns: 78, hasColor: false, isUtc: true };
const running = {
  id: '0199a3c2-7d1e-7c4a-9d55-0f6f3b1c2a10',
  kind: 'deploy',
  status: 'Running',
  reason: null,
  moduleName: 'payments',
  version: '2.1.0',
  targetEnvironment: 'Production',
  cluster: 'eu-1',
  requestedBy: 'deployer',
  originId: null,
  ending: null,
  revision: 3,
  strategy: { kind: 'canary', wavesPercent: [10, 50, 100] },
  gate: { kind: 'stabilization', pollIntervalMs: 500 },
  createdAt: '2026-03-01T10:00:00.000Z',
  startedAt: '2026-03-01T10:00:01.000Z',
  finishedAt: null,
  metadata: { commit: '4f2c1e9' },
  waitingOn: {
    kind: 'gate',
    who: 'nobody: it opens by itself',
    verb: null,
    detail: 'wave 2 is being watched: 2 of 3 good checks',
    since: '2026-03-01T10:05:00.000Z',
    until: '2026-03-01T10:35:00.000Z',
  },
  progress: {
    percent: 36,
    wave: 2,
    step: 'w2.stabilization',
    title: 'Watch',
    waves: [
      { wave: 1, nodes: ['node-1'], state: 'settled' },
      { wave: 2, nodes: ['node-2', 'node-3'], state: 'watching' },
      { wave: 3, nodes: ['n4', 'n5', 'n6', 'n7', 'n8', 'n9', 'n10'], state: 'waiting' },
    ],
  },
  gateCheck: {
    step: 'w2.stabilization',
    verdict: 'waiting',
    reason: '2 of 3 good checks',
    reading: {
      requests: 1240,
      errors: { value: 0.031, baseline: 0.002, allowed: 0.012, ok: false },
      latency: { value: 120.4, baseline: 110, allowed: 126.5, ok: true },
      memory: { value: 80, baseline: null, allowed: null, ok: null },
    },
  },
  decision: null,
  sequence: 11,
  subjectDigest: 'sha256:00',
  links: {},
} as unknown as Deployment;

describe('a deployment in a terminal', () => {
  it('shows waves, the open gate against its limits, and what it waits for', () => {
    expect(deploymentView(running, style)).toEqual([
      'payments 2.1.0 to Production/eu-1  Running  36 %',
      '  + wave 1  settled   1 node    node-1',
      '  ? wave 2  watching  2 nodes   node-2, node-3',
      '      gate waiting: 2 of 3 good checks',
      '        errors   3.1 %   limit 1.2 %   over        before 0.2 %',
      '        latency  120 ms  limit 127 ms  ok          before 110 ms',
      '        memory   80 MiB  limit -       not judged',
      '  · wave 3  waiting   7 nodes   n4, n5, n6, n7, n8, n9, …',
      '  waiting: wave 2 is being watched, until 10:35:00Z',
      '  waits for nobody: it opens by itself',
    ]);
  });

  it('tells no latest time where nobody can say one', () => {
    const waitingOn = { ...running.waitingOn!, until: null };
    const lines = deploymentView({ ...running, waitingOn }, style);
    expect(lines.slice(-2)).toEqual([
      '  waiting: wave 2 is being watched',
      '  waits for nobody: it opens by itself',
    ]);
  });

  it('shows the figures that decided against it', () => {
    const over = {
      ...running,
      status: 'RolledBack',
      finishedAt: '2026-03-01T10:09:00.000Z',
      gateCheck: null,
      decision: {
        step: 'w2.stabilization',
        reason: 'errors 3.1 % against 0.2 %',
        at: '',
        reading: null,
      },
    } as Deployment;
    const lines = deploymentView(over, style);
    expect(lines.at(-1)).toBe('  decided by w2.stabilization: errors 3.1 % against 0.2 %');
    expect(lines.join('\n')).not.toContain('waiting:');
  });

  it('stays within the width, and takes no orders from what it shows', () => {
    const hostile = {
      ...running,
      moduleName: `evil\u001b[2J\u202e${'x'.repeat(300)}`,
      reason: 'a\nb\r\u009b31m',
      metadata: { 'a\u001b]0;': 'b\u0007' },
    } as Deployment;
    const narrow = { ...style, columns: 40 };
    for (const line of deploymentView(hostile, narrow))
      expect([...line].length).toBeLessThanOrEqual(40);
    const all = [...deploymentView(hostile, style), ...deploymentFacts(hostile, style)].join('');
    // eslint-disable-next-line no-control-regex
    expect(all).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
  });

  it('is coloured only where colours are wanted', () => {
    const coloured = deploymentView(running, { ...style, hasColor: true }).join('\n');
    expect(coloured).toContain('\u001b[32m');
    // eslint-disable-next-line no-control-regex
    expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(deploymentView(running, style).join('\n'));
  });

  it('shows shares of a node in percent where the gate judges them', () => {
    const judged = { baseline: null, allowed: 80 };
    const gateCheck = {
      ...running.gateCheck!,
      reading: {
        unit: 'percent',
        errors: { value: null, baseline: null, allowed: null, ok: null },
        cpu: { ...judged, value: 1, ok: true },
        memory: { ...judged, value: 91, ok: false },
      },
    };
    expect(gateLines(gateCheck, style)).toEqual([
      '      gate waiting: 2 of 3 good checks',
      '        cpu     1 %   limit 80 %  ok',
      '        memory  91 %  limit 80 %  over',
    ]);
  });

  it('never calls a measure over that nobody has taken', () => {
    const none = { value: null, baseline: 0.5, allowed: 0.6, ok: false };
    const awaited = { value: null, baseline: null, allowed: 80, ok: null };
    const lines = (reading: object) =>
      gateLines({ ...running.gateCheck!, reading } as never, style).slice(1);
    expect(lines({ cpu: none })).toEqual([
      '        cpu  -  limit 0.60 cores  no data  before 0.50 cores',
    ]);
    expect(lines({ unit: 'percent', cpu: awaited })).toEqual([
      '        cpu  -  limit 80 %  no data',
    ]);
    const coloured = gateLines(
      { ...running.gateCheck!, reading: { cpu: none } },
      {
        ...style,
        hasColor: true,
      },
    );
    expect(coloured.join('')).not.toContain('\u001b');
  });

  it('is drawn over its last picture, with its end when the terminal is too low', () => {
    let written = '';
    const stdout = { write: (text: string) => (written += text), rows: 4 };
    const block = new LiveBlock(stdout as never);
    block.draw(['a', 'b', 'c', 'd']);
    block.draw(['e']);
    expect(written).toBe('a\n  …\nd\n\u001b[3A\u001b[0Je\n');
  });

  it('tells waves that are over, or to come, together where they have no room', () => {
    const wave = (number: number, state: string) => ({ wave: number, nodes: ['a', 'b'], state });
    const many = {
      ...running,
      progress: {
        ...running.progress,
        waves: [1, 2, 3, 4, 5, 6, 7, 8].map((number) =>
          wave(number, number < 4 ? 'settled' : number === 4 ? 'moving' : 'waiting'),
        ),
      },
    } as Deployment;
    expect(deploymentViewWithin(many, style, 99)).toEqual(deploymentView(many, style));
    expect(deploymentViewWithin(many, style, 8)).toEqual([
      'payments 2.1.0 to Production/eu-1  Running  36 %',
      '  + waves 1 to 3  settled  6 nodes',
      '  > wave 4  moving    2 nodes   a, b',
      '  · waves 5 to 8  waiting  8 nodes',
      '  waiting: wave 2 is being watched, until 10:35:00Z',
      '  waits for nobody: it opens by itself',
    ]);
  });
});

describe('a node in a table', () => {
  const releases = (...versions: string[]) =>
    versions.map((version) => ({ releaseId: version, version }));
  const row = (...modules: object[]) => suspectRow(null, ...modules);
  const suspectRow = (suspicion: object | null, ...modules: object[]) =>
    nodeRow(
      {
        id: 'an-id',
        name: 'node-1',
        environment: 'QA',
        cluster: 'main',
        state: 'Healthy',
        stateSince: '2026-03-01T10:00:00.000Z',
        modules,
        suspicion,
      } as components['schemas']['Node'],
      true,
    );
  const [first, second] = [releases('1.0.0'), releases('2.0.0')];

  it('says what runs on it, also while it moves', () => {
    const payments = { name: 'payments', running: first, desired: second, drift: false };
    const orders = { name: 'orders', running: [], desired: second, drift: false };
    expect(row(payments, orders)).toEqual([
      'node-1',
      'QA',
      'main',
      'Healthy',
      '2026-03-01 10:00:00Z',
      'an-id',
      'payments 1.0.0, orders -',
    ]);
  });

  it('says that there are two of it', () => {
    const at = '2026-03-01T10:00:00.000Z';
    expect(suspectRow({ kind: 'duplicated', message: 'a second machine', at })).toContain(
      'Healthy (duplicated!)',
    );
  });

  it('says where it has drifted, and what should run there', () => {
    const both = { name: 'a', running: [...first, ...second], desired: second, drift: true };
    const stray = { name: 'b', running: first, desired: [], drift: true };
    expect(row(both, stray).at(-1)).toBe(
      'a 1.0.0+2.0.0 (drift, desired 2.0.0), b 1.0.0 (drift, desired none)',
    );
  });
});

describe('a line of an event', () => {
  const event = (kind: string, data: object) =>
    ({
      sequence: 1,
      at: '2026-03-01T10:00:02.000Z',
      kind,
      actor: 'ada',
      step: 'w1.move',
      data,
    }) as unknown as DeploymentEvent;
  it.each([
    ['created', {}, '10:00:02Z  requested by ada'],
    ['status-changed', { status: 'Paused', reason: 'no data' }, '10:00:02Z  Paused: no data'],
    ['finished', { status: 'Succeeded' }, '10:00:02Z  Succeeded'],
    ['requested', { verb: 'pause' }, '10:00:02Z  ada asked for pause'],
    ['step-started', { title: 'Move 1 node' }, '10:00:02Z  w1.move: Move 1 node'],
    ['step-failed', { message: 'a\u001b[2Jb' }, '10:00:02Z  w1.move: failed: a\ufffd[2Jb'],
    ['planned', {}, null],
  ])('says what %s means', (kind, data, line) => {
    expect(eventLine(event(kind, data), true)).toBe(line);
  });
});

describe('times', () => {
  it('are local with their zone, or UTC', () => {
    expect(timeText('2026-03-01T10:00:02.123Z', true)).toBe('2026-03-01 10:00:02Z');
    expect(clockText('2026-03-01T10:00:02.123Z', true)).toBe('10:00:02Z');
    const local = timeText('2026-03-01T10:00:02.123Z', false);
    expect(local).toMatch(/^2026-0\d-\d\d \d\d:\d\d:02 [+-]\d\d:\d\d$/);
    expect(new Date(local.replace(' ', 'T').replace(' ', '')).toISOString()).toBe(
      '2026-03-01T10:00:02.000Z',
    );
    expect(timeText('nonsense', true)).toBe('-');
  });

  it.each([
    ['90s', 90_000],
    ['30m', 1_800_000],
    ['1h30m', 5_400_000],
    ['250ms', 250],
  ])('reads the duration %s', (text, ms) => expect(durationMs(text)).toBe(ms));

  it.each(['', '30', 'm', '-5m', '30 m', '1d', '0s', '1.5h', '99999h'])('refuses "%s"', (text) => {
    expect(() => durationMs(text)).toThrow('is not a duration');
  });

  it.each([
    [250, '250 ms'],
    [12_000, '12 s'],
    [200_000, '3 min 20 s'],
    [3_900_000, '1 h 05 min'],
    [7_200_000, '2 h'],
    [300_000_000, '3 days'],
  ])('tells %d ms as %s', (ms, text) => expect(durationText(ms)).toBe(text));
});

it('makes every control character visible and leaves other text alone', () => {
  expect(printable('a\u001b[2J\r\n\u0085\u2028\u202e\u2066\u007fb')).toMatch(
    /^a\ufffd\[2J\ufffd{7}b$/,
  );
  expect(printable('Zahlungen → 支払い é')).toBe('Zahlungen → 支払い é');
});

it('aligns columns by their widest cell', () => {
  expect(
    table(
      ['NAME', 'X'],
      [
        ['a', '1'],
        ['b\u001bbbbbb', ''],
      ],
    ),
  ).toEqual(['NAME     X', 'a        1', 'b\ufffdbbbbb']);
});

it('draws how far an upload is', () => {
  expect(barText(512, 1024)).toBe(`[${'#'.repeat(15)}${' '.repeat(15)}]  50 %  512 B of 1.0 KiB`);
  expect(barText(0, 0)).toContain('100 %');
});
