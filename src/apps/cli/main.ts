#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { endWithNpx, ownCall } from './end-with-npx.js';
import { exitCodes } from './exit-codes.js';
import { runCli } from './program.js';
import { readCliEnvironment } from './session/cli-environment.js';

/** The package's root is as far from src/apps/cli as from dist/apps/cli. */
function ownVersion(): string {
  const file = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

endWithNpx();
const { stdin, stdout, stderr } = process;
stdout.on('error', (error: NodeJS.ErrnoException) => {
  // `tidegate … | head`: whoever reads has enough.
  if (error.code === 'EPIPE') process.exit(exitCodes.succeeded);
  stderr.write(`Standard output cannot be written to (${error.code}): the output is incomplete.\n`);
  process.exit(exitCodes.output);
});

process.exitCode = await runCli(process.argv.slice(2), {
  streams: { stdin, stdout, stderr },
  environment: readCliEnvironment(),
  version: ownVersion(),
  call: ownCall(),
  onInterrupt: (listener) => {
    process.on('SIGINT', listener);
    return () => process.off('SIGINT', listener);
  },
});
