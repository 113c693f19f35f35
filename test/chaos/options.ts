/** What a run of chaos is told: its length, its seed, and where to leave what it has seen. */
export interface ChaosOptions {
  readonly seconds: number;
  readonly seed: number;
}

const USAGE = 'npm run chaos -- [--seconds 60] [--seed <number>]';

/** Throws a sentence with the usage. */
export function readOptions(argv: readonly string[]): ChaosOptions {
  const given: Record<string, number> = { seconds: 60, seed: Date.now() % 1_000_000 };
  for (let at = 0; at < argv.length; at += 2) {
    const name = argv[at]!.replace(/^--/, '');
    const value = Number(argv[at + 1]);
    if (!(name in given) || !Number.isSafeInteger(value) || value < 0) {
      throw new Error(`${argv.slice(at, at + 2).join(' ')} is not understood: ${USAGE}`);
    }
    given[name] = value;
  }
  return { seconds: given.seconds!, seed: given.seed! };
}
