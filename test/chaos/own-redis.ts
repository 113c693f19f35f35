/** A Redis that may be killed, frozen and emptied, and comes back at the same address with nothing. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { eventually } from '../support/eventually.js';
import { redisProgram } from '../support/redis-program.js';

export class OwnRedis {
  readonly name = 'redis';
  private server: ChildProcess | undefined;

  private constructor(
    private readonly program: string,
    private readonly port: number,
    private readonly folder: string,
  ) {}

  static async start(port: number, folder: string): Promise<OwnRedis> {
    // One in REDIS_URL is somebody's; this one has to die.
    delete process.env.REDIS_URL;
    const found = await redisProgram((line) => process.stderr.write(`${line}\n`));
    if (!('program' in found)) {
      throw new Error('missing' in found ? found.missing : 'a redis-server is needed on the PATH');
    }
    const redis = new OwnRedis(found.program, port, folder);
    await redis.start();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const flags = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder];
    this.server = spawn(this.program, [...flags, '--save', '', '--appendonly', 'no'], {
      stdio: 'ignore',
    });
    await eventually(() => this.tell((client) => client.ping()));
  }

  async flush(): Promise<void> {
    await this.tell((client) => client.flushall());
  }

  async kill(): Promise<void> {
    const { server } = this;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, 'exit');
    server.kill('SIGKILL');
    await exited;
  }

  freeze(): void {
    this.server?.kill('SIGSTOP');
  }

  thaw(): void {
    this.server?.kill('SIGCONT');
  }

  private async tell(say: (client: Redis) => Promise<unknown>): Promise<void> {
    const client = new Redis(this.url, { lazyConnect: true, retryStrategy: () => null });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await say(client);
    } finally {
      client.disconnect();
    }
  }
}
