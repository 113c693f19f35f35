/**
 * Appends to a journal whose disk is full for a while. A process of its own, because the limit is the
 * whole process's. Argument: the journal's path.
 */
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { JournalFile } from '../../../src/agent/journal/journal-file.js';

const path = process.argv[2]!;
const limit = (bytes: string) =>
  execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:unlimited`]);

const { file } = JournalFile.open(path);
file.append({ n: 1 });
// Half of the next line fits.
limit(String(statSync(path).size + 10));
let refusal = 'none';
try {
  file.append({ n: 2 });
} catch (error) {
  refusal = (error as NodeJS.ErrnoException).code ?? String(error);
}
limit('unlimited');
file.append({ n: 3 });
file.close();
process.stdout.write(JSON.stringify({ refusal, records: JournalFile.open(path).records }));
