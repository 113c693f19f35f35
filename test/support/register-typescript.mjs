// Lets plain Node import the TypeScript sources: for jest's global setup, which jest's own transform does
// not reach, and for child processes that tests start (`node --import …/register-typescript.mjs file.ts`).
import { register } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import { endWithNpm } from '../../scripts/bootstrap/end-with-npm.mjs';

// Benches and the chaos are started by npm like this.
if (isMainThread) endWithNpm();
register('./typescript-loader.mjs', import.meta.url);
