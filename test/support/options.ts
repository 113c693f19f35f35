/** The flags of a program of ours that takes whole numbers, each with a default, and `--help`. */
import { parseArgs } from 'node:util';

type Flags = Readonly<Record<string, readonly [standard: number, meaning: string, least?: number]>>;

/** What is not understood ends the process with 2 and says what would be. */
export function readOptions<F extends Flags>(about: string, flags: F): { [K in keyof F]: number } {
  try {
    const given = parse(flags);
    if (!given.help) return numbers(given, flags);
    console.log(helpText(about, flags));
    process.exit(0);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${helpText(about, flags)}`);
    process.exit(2);
  }
}

type Given = Record<string, string | boolean | undefined>;

function parse(flags: Flags): Given {
  const own = Object.keys(flags).map((name) => [name, { type: 'string' as const }]);
  return parseArgs({
    options: { help: { type: 'boolean', short: 'h' }, ...Object.fromEntries(own) },
  }).values as Given;
}

function numbers<F extends Flags>(given: Given, flags: F): { [K in keyof F]: number } {
  const read = Object.entries(flags).map(([name, [standard, , least = 0]]) => {
    const text = given[name] ?? String(standard);
    const value = /^\d{1,15}$/.test(String(text)) ? Number(text) : Number.NaN;
    if (value >= least) return [name, value];
    throw new Error(`--${name} must be a whole number of at least ${least}, not "${text}".`);
  });
  return Object.fromEntries(read) as { [K in keyof F]: number };
}

function helpText(about: string, flags: Flags): string {
  const lines = Object.entries(flags).map(
    ([name, [standard, meaning]]) => `  --${name.padEnd(16)} ${meaning} (${standard})`,
  );
  const [[first, [standard]] = ['', ['']]] = Object.entries(flags);
  const script = process.env.npm_lifecycle_event ?? 'NAME';
  const example = first === '' ? '' : ` -- --${first} ${standard}`;
  return [about, '', 'Options:', ...lines, '', `Example: npm run ${script}${example}`].join('\n');
}
