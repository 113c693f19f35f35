/** The demo's panels in a terminal of 80 columns and 24 rows: what decides is neither cut nor below its edge. */
import { cellWidth } from './cell-width.js';

interface Panel {
  update(deployment: object): void;
}
type Maker = new (screen: object, about: object) => Panel;

const load = async (name: string) =>
  (await import(new URL(`../../../../scripts/demo/display/${name}.mjs`, import.meta.url).href)) as {
    RolloutView: Maker;
  };

it('fit 80 columns and 24 rows with all that decides', async () => {
  const { RolloutView } = await load('rollout-view');
  let shown: string[] = [];
  const screen = { sayInLog: () => undefined, show: (lines: string[]) => (shown = lines) };
  const traffic = {
    of: () => ({ requests: 123_456, failed: 1234 }),
    now: () => ({ perSecond: 1800, releases: { '1.0.0': 900, '2.0.0': 900 } }),
  };
  const view = new RolloutView(screen, { traffic, phase: 'good', from: '1.0.0' });
  const measure = { ok: false, value: 12.62, baseline: 10.5, allowed: 11.55 };
  view.update({
    status: 'Running',
    version: '2.0.0',
    gate: { consecutiveStableChecks: 3, minWaitMs: 5000 },
    strategy: { wavesPercent: [10, 30, 50, 100] },
    decision: null,
    progress: {
      waves: ['settled', 'watching', 'waiting', 'waiting'].map((state, index) => ({
        wave: index + 1,
        nodes: ['node-1', 'node-2', 'node-3'],
        state,
      })),
    },
    gateCheck: {
      verdict: 'waiting',
      reason: '',
      reading: {
        consecutiveGood: 14,
        errors: { ok: true, value: 1, baseline: 0.002, allowed: 0.012 },
        latency: { ok: true, value: 99_999, baseline: 10_000, allowed: 99_999 },
        cpu: measure,
        memory: { ok: true, value: 99_999, baseline: 10_000, allowed: 99_999 },
      },
    },
  });
  expect(shown.length).toBeGreaterThan(12);
  expect(shown.filter((line) => cellWidth(line) > 79)).toEqual([]);
  expect(shown.length).toBeLessThan(24);
  expect(shown.join('\n')).toContain('allowed 11.55, usual 10.50 cores');
  expect(shown.join('\n')).toContain('3 of 3  in a row, after 5 s or more');
  expect(shown.join('\n')).toContain('50 % 1.0.0');
});
