// Preloaded into an agent: as long as there is a file `deaf` beside its folder, SIGKILL reaches no
// process group. So it is for a process that the kernel holds, on a dead network file system say.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

const folder = process.argv[process.argv.indexOf('--dir') + 1];
const file = join(dirname(folder), 'deaf');
const kill = process.kill.bind(process);
process.kill = (pid, signal) =>
  pid < 0 && signal === 'SIGKILL' && existsSync(file) ? true : kill(pid, signal);
