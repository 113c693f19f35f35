import type { ModuleOutput } from './module-output.js';
import { OutputWatch } from './output-watch.js';

const MIB = 1024 * 1024;

it('finds it urgent as long as somebody prints more than a mebibyte between two looks', () => {
  const lengths: Record<string, number> = { a: 10, b: 10 };
  const cut: string[] = [];
  const output = {
    rotate: (instance: string) => {
      cut.push(instance);
      return lengths[instance]!;
    },
  } as ModuleOutput;
  const watch = new OutputWatch();
  const look = () => watch.look(output, ['a', 'b']);
  expect(look()).toBe(true);
  lengths.b = 2 * MIB;
  expect(look()).toBe(false);
  lengths.b = 4 * MIB;
  expect(look()).toBe(false);
  expect(look()).toBe(true);
  // It was cut, and has grown by little since.
  lengths.b = 10;
  expect(look()).toBe(true);
  expect(cut).toHaveLength(10);
});
