/** A bench's flags: whole numbers with small defaults, and `--help`. */
import { parseArgs } from 'node:util';

type Flags = Readonly<Record<string, readonly [standard: number, meaning: string]>>;

export function readOptions<F extends Flags>(about: string, flags: F): { [K in keyof F]: number } {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean' },
      ...Object.fromEntries(Object.keys(flags).map((name) => [name, { type: 'string' as const }])),
    },
  });
  const given = values as Record<string, string | boolean | undefined>;
  if (given.help) {
    const lines = Object.entries(flags).map(
      ([name, [standard, meaning]]) => `  --${name.padEnd(16)} ${meaning} (${standard})`,
    );
    console.log([about, '', ...lines].join('\n'));
    process.exit(0);
  }
  const read = Object.entries(flags).map(([name, [standard]]) => {
    const value = given[name] === undefined ? standard : Number(given[name]);
    if (!Number.isFinite(value) || value < 0) throw new Error(`--${name} must be a number`);
    return [name, value];
  });
  return Object.fromEntries(read) as { [K in keyof F]: number };
}
