import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { FrontRoute, FrontTable, FrontTarget } from '../../src/agent/front/front-port.js';
import { FrontState } from '../../src/agent/front/front-state.js';
import { Front } from '../../src/agent/front/front.js';
import { freePort } from './free-port.js';
import { PATIENCE_MS } from './patience.js';

/** An instance in the test's own process; it remembers what reached it. */
export class TestInstance {
  readonly seen: { method: string; url: string; headers: IncomingMessage['headers'] }[] = [];
  readonly sockets = new Set<Socket>();
  readonly server: Server;
  port = 0;

  constructor(
    readonly name: string,
    handler: RequestListener = (_, response) => response.end(name),
  ) {
    this.server = createServer((request, response) => {
      const { method = '', url = '', headers } = request;
      this.seen.push({ method, url, headers });
      handler(request, response);
    });
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
    return this;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}

export function target(instance: { name: string; port: number }, weight = 100): FrontTarget {
  const { name, port } = instance;
  return { instance: name, releaseId: `release-of-${name}`, port, weight };
}

export function table(
  version: number,
  port: number,
  targets: readonly FrontTarget[],
  more: Partial<FrontRoute> = {},
): FrontTable {
  return {
    version,
    routes: [
      { moduleId: 'module-1', port, reuse: 'idle', headersTimeoutMs: 5000, targets, ...more },
    ],
  };
}

/** A front in this process with a state folder and one free port, and what to clean up. */
export class FrontRig {
  private readonly cleanups: (() => Promise<unknown>)[] = [];

  private constructor(
    readonly stateDir: string,
    readonly port: number,
    readonly front: Front,
  ) {}

  static async start(): Promise<FrontRig> {
    const stateDir = await mkdtemp(join(tmpdir(), 'front-'));
    const front = new Front({ host: '127.0.0.1', state: new FrontState(stateDir) });
    await front.start();
    return new FrontRig(stateDir, await freePort(), front);
  }

  async instance(name: string, handler?: RequestListener): Promise<TestInstance> {
    const instance = await new TestInstance(name, handler).listen();
    this.cleanups.push(() => instance.close());
    return instance;
  }

  onStop(cleanup: () => Promise<unknown>): void {
    this.cleanups.push(cleanup);
  }

  async counters(instance: string) {
    const { counters } = await this.front.status();
    const found = counters.find((each) => each.instance === instance);
    if (found === undefined) throw new Error(`no counters for ${instance}`);
    return found;
  }

  async stop(): Promise<void> {
    await this.front.stop(0);
    for (const cleanup of this.cleanups) await cleanup();
    await rm(this.stateDir, { recursive: true, force: true });
  }
}

export interface TestAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

export interface TestRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly agent?: Agent;
}

/** One request; rejects when the connection ends before the answer does. */
export function ask(port: number, request: TestRequest = {}): Promise<TestAnswer> {
  const { method = 'GET', path = '/', headers = {}, body, agent } = request;
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { host: '127.0.0.1', port, method, path, headers, agent: agent ?? false },
      (response) => {
        let written = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (written += chunk));
        response.on('error', reject);
        response.on('end', () => {
          resolve({ status: response.statusCode!, body: written, headers: response.headers });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Sends bytes as they are and returns what came back until the connection ended or `until` hits. */
export function askRaw(port: number, bytes: string, until?: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let written = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    socket.setTimeout(10_000, () => socket.destroy(new Error(`no end after: ${written}`)));
    socket.on('data', (chunk) => {
      written += chunk.toString('latin1');
      if (until?.test(written)) {
        socket.destroy();
        resolve(written);
      }
    });
    socket.on('error', reject);
    socket.on('end', () => resolve(written));
    socket.on('close', () => resolve(written));
  });
}

/** Clients in a loop until `stop`; every answer that is not a 200 and every error is a failure. */
export class Load {
  requests = 0;
  readonly failures: string[] = [];
  private isStopped = false;
  private readonly clients: Promise<void>[];
  private readonly agent = new Agent({ keepAlive: true });

  constructor(
    private readonly port: number,
    clients: number,
    private readonly make: (client: number) => TestRequest = () => ({}),
  ) {
    this.clients = Array.from({ length: clients }, (_, client) => this.run(client));
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await Promise.all(this.clients);
    this.agent.destroy();
  }

  private async run(client: number): Promise<void> {
    while (!this.isStopped) {
      const request = { agent: this.agent, ...this.make(client) };
      try {
        const { status, body } = await ask(this.port, request);
        if (status !== 200) this.failures.push(`${request.method ?? 'GET'} ${status} ${body}`);
      } catch (error) {
        this.failures.push(`${request.method ?? 'GET'} ${String(error)}`);
      }
      this.requests += 1;
    }
  }
}

/** Polls until `condition` holds; the deadline is for a broken run, not a wait. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  deadlineMs = PATIENCE_MS,
): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await delay(10);
  }
}
