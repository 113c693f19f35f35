#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { endWithNpx } from './end-with-npx.js';
import { runCli } from './program.js';
import { readCliEnvironment } from './session/cli-environment.js';

/** The package's root is as far from src/apps/cli as from dist/apps/cli. */
function ownVersion(): string {
  const file = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

endWithNpx();
const { stdin, stdout, stderr } = process;
// `tidegate … | head`: whoever reads has enough.
stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 3));

process.exitCode = await runCli(process.argv.slice(2), {
  streams: { stdin, stdout, stderr },
  environment: readCliEnvironment(),
  version: ownVersion(),
  onInterrupt: (listener) => {
    process.on('SIGINT', listener);
    return () => process.off('SIGINT', listener);
  },
});
