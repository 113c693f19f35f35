/** What others wrote to check transparency logs, behind one small program of ours (`test/servers/tlog`). */
import { execFile } from 'node:child_process';
import { goProgram } from './go-program.js';

export const tlogProgram = () =>
  goProgram({ name: 'tlog', package: '.', variable: 'TLOG_PROGRAM' });

export interface Verdict {
  readonly code: number;
  readonly said: string;
}

/** Never throws for what the program refuses. */
export function tlog(
  program: string,
  options: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Verdict> {
  const env = { ...process.env, ...environment };
  return new Promise((done) => {
    execFile(program, options, { env, maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : Number(error.code), said: stdout + stderr });
    });
  });
}
