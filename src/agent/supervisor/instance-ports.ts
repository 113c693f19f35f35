import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { hasProc } from './proc.js';

// Below the range that Linux takes outgoing connections from, so that none of those is in the way.
const RANGE: PortRange = { first: 20_000, last: 31_999 };
const ATTEMPTS = 200;

/** Both included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/**
 * Ports on loopback, one for each instance. A module that was given a port may take a while to open
 * it, so that nothing listening there does not make it free. Another agent of this machine that gave
 * it away meanwhile would have its module's health answered by a stranger, and its traffic, too:
 * each port in use is reserved for as long as its instance is known, by a name that all agents of
 * the machine share and that goes with the agent that holds it.
 */
export class InstancePorts {
  private readonly reserved = new Map<number, Server | undefined>();

  constructor(private readonly range = RANGE) {}

  /** Reserves a port on which nothing listens, neither on loopback nor on every address. */
  async take(): Promise<number> {
    const { first, last } = this.range;
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const port = randomInt(first, last + 1);
      if (!(await this.reserve(port))) continue;
      if ((await isFree(port, '127.0.0.1')) && (await isFree(port, undefined))) return port;
      this.release(port);
    }
    throw new Error(`no free port found between ${first} and ${last}`);
  }

  /** False: somebody has it. For a port that an instance has already, that changes nothing. */
  async reserve(port: number): Promise<boolean> {
    if (this.reserved.has(port)) return false;
    this.reserved.set(port, undefined);
    // Elsewhere there are no names without a file; there an agent minds its own instances only.
    if (!hasProc) return true;
    const server = await listening({ path: reservationName(port) });
    if (server) this.reserved.set(port, server.unref());
    else this.reserved.delete(port);
    return server !== undefined;
  }

  release(port: number): void {
    this.reserved.get(port)?.close();
    this.reserved.delete(port);
  }
}

/** An abstract Unix socket: a name without a file, of the same network namespace as the port. */
export function reservationName(port: number): string {
  return `\0tidegate-instance-port-${port}`;
}

async function isFree(port: number, host: string | undefined): Promise<boolean> {
  const server = await listening({ port, ...(host ? { host } : {}) });
  if (!server) return false;
  await new Promise((resolve) => server.close(resolve));
  return true;
}

function listening(at: { path: string } | { port: number; host?: string }) {
  return new Promise<Server | undefined>((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.on('error', () => resolve(undefined));
    server.listen({ ...at, exclusive: true }, () => resolve(server));
  });
}
