/** The checks that keep the house in order, each as a command. */
import { spawn } from 'node:child_process';

export interface Outcome {
  readonly isGreen: boolean;
  readonly output: string;
  readonly seconds: number;
}

const bin = (name: string) => `node_modules/.bin/${name}`;
const jest = (file: string, test?: string) => {
  const command = [bin('jest'), '--runInBand', '--ci', '--colors=false', file];
  return test === undefined ? command : [...command, '-t', test];
};

/** `of`: these files only. `test`: those of this name only. */
export const checks = {
  imports: (of: readonly string[] = ['src']) => [
    bin('depcruise'),
    '--config',
    '.dependency-cruiser.cjs',
    ...of,
  ],
  lint: (of: readonly string[] = ['src', 'test', 'bench', 'sdks']) => [
    bin('eslint'),
    '--config',
    'eslint/house.config.mjs',
    '--quiet',
    ...of,
  ],
  types: () => [bin('tsc'), '--noEmit', '-p', 'tsconfig.planted.json'],
  owners: (test?: string) => jest('test/architecture/owners.spec.ts', test),
  openContext: () => jest('test/architecture/open-context.spec.ts'),
  house: () => jest('test/architecture/house-table.spec.ts'),
  readSql: (test?: string) => jest('test/integration/read-sql.int-spec.ts', test),
  entities: (test?: string) => jest('test/integration/entities.int-spec.ts', test),
  paging: (test?: string) => jest('test/integration/http-lists.int-spec.ts', test),
  start: (test?: string) => jest('test/integration/whole-app.int-spec.ts', test),
} satisfies Record<string, (...args: never[]) => string[]>;

/** Runs it in that tree, to its end. */
export function runCheck(command: readonly string[], cwd: string): Promise<Outcome> {
  const since = performance.now();
  const [program, ...args] = command;
  const env = {
    ...process.env,
    NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning',
  };
  return new Promise((resolve, reject) => {
    const child = spawn(program!, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk: Buffer) => (output += chunk.toString());
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', reject);
    child.on('close', (code) => {
      const seconds = Math.round((performance.now() - since) / 100) / 10;
      resolve({ isGreen: code === 0, output, seconds });
    });
  });
}
