import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { closeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModuleOutput } from './module-output.js';

const home = mkdtempSync(join(tmpdir(), 'tidegate-output-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

it('rotates under a process that goes on writing, and keeps five', () => {
  const output = new ModuleOutput(join(home, 'rotated'));
  const descriptor = output.open('one');
  for (let round = 1; round <= 7; round += 1) {
    writeSync(descriptor, `round ${round} ${'x'.repeat(100)}\n`);
    output.rotate('one', 50);
  }
  writeSync(descriptor, 'after\n');
  closeSync(descriptor);
  expect(readFileSync(output.path('one'), 'utf8')).toBe('after\n');
  expect(readFileSync(`${output.path('one')}.1`, 'utf8')).toContain('round 7');
  expect(readdirSync(join(home, 'rotated')).sort()).toEqual([
    ...['one.log', 'one.log.1', 'one.log.2', 'one.log.3', 'one.log.4', 'one.log.5'],
  ]);
});

it('shows the last lines in a form that no terminal obeys', () => {
  const output = new ModuleOutput(join(home, 'tail'));
  appendFileSync(output.path('one'), 'first\nsecond\n\u001b[31mred\nlast\n');
  expect(output.tail('one', 2)).toBe('\ufffd[31mred | last');
  expect(output.tail('absent')).toBe('');
  appendFileSync(output.path('one'), 'y'.repeat(100_000));
  expect(output.tail('one').length).toBeLessThanOrEqual(1500);
});

it('prunes the oldest instances, but none that runs', () => {
  const output = new ModuleOutput(join(home, 'pruned'));
  const names = Array.from({ length: 14 }, (_, index) => `i${String(index).padStart(2, '0')}`);
  for (const name of names) appendFileSync(output.path(name), name);
  output.prune(['i00']);
  const left = readdirSync(join(home, 'pruned')).map((name) => name.split('.')[0]);
  expect(left.sort()).toEqual(['i00', ...names.slice(4)]);
});
