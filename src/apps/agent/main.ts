import '../../agent/small-heap.js';
import { fileURLToPath } from 'node:url';
import { runAgentProcess } from '../../agent/agent-main.js';

/** The agent of a node: runs what its control plane says. See agent/agent.ts. */
const INHERITED = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'];

// The agent knows none of the platform's configuration: arguments, and these variables, are all.
// eslint-disable-next-line no-restricted-properties
const environment = process.env;
const token = environment.TIDEGATE_ENROLLMENT_TOKEN;
// The front and the modules are children of this process and must not find it.
delete environment.TIDEGATE_ENROLLMENT_TOKEN;

const exitCode = await runAgentProcess({
  argv: process.argv.slice(2),
  token,
  trustedProxies: environment.TIDEGATE_AGENT_TRUSTED_PROXIES,
  logLevel: environment.TIDEGATE_LOG_LEVEL,
  logFormat: environment.TIDEGATE_LOG_FORMAT,
  baseEnvironment: Object.fromEntries(
    INHERITED.flatMap((name) => {
      const value = environment[name];
      return value === undefined ? [] : [[name, value]];
    }),
  ),
  frontCommand: [process.execPath, fileURLToPath(new URL('../front/main.js', import.meta.url))],
});
// At once: an instance that is being stopped is left to the next agent, which goes on with it.
process.exit(exitCode);
