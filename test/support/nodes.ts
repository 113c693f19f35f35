import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { builtPrograms } from './built.js';
import type { Client } from './client.js';
import { WORKERS } from './free-port.js';

export interface NodeOptions {
  readonly environment?: string;
  readonly cluster?: string;
  readonly labels?: Record<string, string>;
  /** Besides what every agent of a test is told. */
  readonly args?: readonly string[];
}

/**
 * Modules listen at their manifest's port plus this much per node. A multiple, so that the ports of all
 * nodes are those of this test process, too.
 */
const OFFSET_STEP = 4 * WORKERS;

/** What is added to a module's port on each of the first nodes. */
export const nodeOffsets = (count: number) =>
  Array.from({ length: count }, (_, index) => (index + 1) * OFFSET_STEP);

/** A real agent with its front and modules, in a folder of its own. */
export class TestNode {
  readonly name: string;
  readonly portOffset: number;
  private child: ChildProcess | undefined;
  private options: NodeOptions = {};
  log = '';

  constructor(
    private readonly server: string,
    readonly directory: string,
    number: number,
  ) {
    this.name = `node-${number}`;
    this.portOffset = number * OFFSET_STEP;
  }

  async enroll(client: Client, options: NodeOptions): Promise<void> {
    this.options = options;
    const { environment = 'QA', cluster } = options;
    const { status, body } = await client.post('/nodes/enrollment-tokens', {
      environment,
      ...(cluster ? { cluster } : {}),
    });
    if (status !== 201) throw new Error(`no token: ${status} ${JSON.stringify(body)}`);
    await this.run(body.token as string);
  }

  /** Starts the agent; the token is needed the first time only. */
  async run(token?: string): Promise<void> {
    const { agent } = await builtPrograms();
    const labels = Object.entries(this.options.labels ?? {}).flatMap(([key, value]) => [
      '--label',
      `${key}=${value}`,
    ]);
    const more = this.options.args ?? [];
    const args = ['--server', this.server, '--dir', this.directory, '--name', this.name];
    const child = spawn(
      process.execPath,
      [agent, ...args, '--port-offset', String(this.portOffset), ...labels, ...more],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { PATH: process.env.PATH, ...(token ? { TIDEGATE_ENROLLMENT_TOKEN: token } : {}) },
      },
    );
    child.stderr.on('data', (chunk: Buffer) => {
      this.log = (this.log + chunk.toString()).slice(-20_000);
    });
    this.child = child;
  }

  /** kill -9 of the agent alone: its front and modules keep serving. */
  async killAgent(): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** As if the machine had lost power: agent, front and modules. */
  async killMachine(): Promise<void> {
    await this.killAgent();
    await this.teardown();
  }

  async destroy(): Promise<void> {
    await this.killAgent();
    await this.teardown();
  }

  agentLog(): Promise<string> {
    return readFile(join(this.directory, 'agent.log'), 'utf8').catch(() => this.log);
  }

  private async teardown(): Promise<void> {
    const { agent } = await builtPrograms();
    const child = spawn(process.execPath, [agent, '--teardown', '--dir', this.directory], {
      stdio: 'ignore',
    });
    await once(child, 'exit');
  }
}
