import { runProcess } from '../../platform/run-process.js';
import { startWorker } from './start-worker.js';

await runProcess('tidegate-worker', startWorker);
