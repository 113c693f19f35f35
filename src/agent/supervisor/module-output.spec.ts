import {
  appendFileSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
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
    output.rotate('one', 60);
  }
  writeSync(descriptor, 'after\n');
  closeSync(descriptor);
  expect(readFileSync(output.path('one'), 'utf8')).toBe('after\n');
  expect(readFileSync(`${output.path('one')}.1`, 'utf8')).toContain('round 7');
  expect(readdirSync(join(home, 'rotated')).sort()).toEqual([
    'one.log',
    'one.log.1',
    'one.log.2',
    'one.log.3',
    'one.log.4',
    'one.log.5',
  ]);
});

it('keeps the end of what came too fast, and says how much is missing', () => {
  const output = new ModuleOutput(join(home, 'flooded'));
  const descriptor = output.open('one');
  writeSync(descriptor, `${'x'.repeat(997)}\nthe end`);
  output.rotate('one', 5);
  closeSync(descriptor);
  const kept = readFileSync(`${output.path('one')}.1`, 'utf8');
  expect(kept).toBe('[truncated: 995 bytes before this were dropped]\nxx\nthe end');
  expect(readFileSync(output.path('one'), 'utf8')).toBe('');
});

it('cuts what is too long also when it cannot be kept', () => {
  const output = new ModuleOutput(join(home, 'no-room'));
  appendFileSync(output.path('one'), 'x'.repeat(100));
  // Neither can be written over the other.
  const full = (number: number) => join(`${output.path('one')}.${number}`, 'full');
  for (const number of [4, 5]) mkdirSync(full(number), { recursive: true });
  output.rotate('one', 50);
  expect(readFileSync(output.path('one'), 'utf8')).toBe('');
});

it('shows the last lines in a form that no terminal obeys', () => {
  const output = new ModuleOutput(join(home, 'tail'));
  appendFileSync(output.path('one'), 'first\nsecond\n\u001b[31mred\nlast\n');
  expect(output.tail('one', String, 2)).toBe('\ufffd[31mred | last');
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
