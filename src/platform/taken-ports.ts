import { createServer } from 'node:net';
import type { Config } from './config/config.js';
import { ConfigError } from './config/config-error.js';
import type { Listen } from './config/setting.js';
import { portHolder } from './port-holder.js';

type Ports = Pick<Config, 'listen' | 'metricsListen' | 'plainListen'>;

const named = {
  listen: 'TIDEGATE_LISTEN',
  metricsListen: 'TIDEGATE_METRICS_LISTEN',
  plainListen: 'TIDEGATE_PLAIN_LISTEN',
} as const;

/**
 * Whether this process can listen where it is to, asked before a database is made that nobody would reach.
 * Throws ConfigError with a sentence for each that is taken.
 */
export async function refuseTakenPorts(
  config: Ports,
  listeners: readonly (keyof Ports)[],
): Promise<void> {
  const problems: string[] = [];
  for (const name of listeners) {
    const listen = config[name];
    // 0 is whatever is free.
    if (listen === null || listen.port === 0 || (await isFree(listen))) continue;
    problems.push(takenPort(listen, named[name]));
  }
  if (problems.length > 0) throw new ConfigError(problems);
}

export function takenPort({ host, port }: Listen, setting: string): string {
  const place = host.includes(':') ? `[${host}]` : host;
  const holder = portHolder(port);
  const by = holder ? `process ${holder.pid} (${holder.command})` : 'another process';
  const other = `${setting}=${place}:${port < 65_535 ? port + 1 : port - 1}`;
  return `${place}:${port} is taken by ${by}: stop it, or choose another port, for example ${other}.`;
}

/** Other mistakes of an address are told when it is listened on. */
async function isFree({ host, port }: Listen): Promise<boolean> {
  const server = createServer();
  try {
    return await new Promise((resolve) => {
      server.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'EADDRINUSE'));
      server.listen({ port, host, exclusive: true }, () => resolve(true));
    });
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}
