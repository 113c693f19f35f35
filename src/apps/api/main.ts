import { runProcess } from '../../platform/run-process.js';
import { startApi } from './start-api.js';

await runProcess('tidegate', startApi);
