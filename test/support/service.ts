/** A small service to deploy, in versions of any quality, and steady traffic to it. */
import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { buildArtifact } from './artifact.js';
import type { Client } from './client.js';
import type { TestNode } from './nodes.js';

export interface Quality {
  /** Added to each answer. */
  readonly delayMs?: number;
  /** Share of 500s, 0 to 1. */
  readonly errorRate?: number;
  readonly leakBytes?: number;
  /** Answers with the headers that reached it. */
  readonly isEcho?: boolean;
  /** Share of requests that are never answered, 0 to 1. */
  readonly hangRate?: number;
  /** Never answers its health check. */
  readonly isSick?: boolean;
  /** Listens only so long after its start. */
  readonly startMs?: number;
  /** A file in which every start leaves a line: version and working directory. */
  readonly diary?: string;
  /**
   * A folder: while it holds a file named like the node, the service does what the file says there:
   * `crash`, answer its health check with 503 (`sick`), or not at all, also later on (`hang`).
   */
  readonly troubles?: string;
  /** Of the manifest. */
  readonly hooks?: Readonly<Record<string, object>>;
}

const program = (version: string, quality: Quality) => `
const { delayMs = 0, errorRate = 0, leakBytes = 0, hangRate = 0, isEcho = false, isSick = false,
  startMs = 0, diary, troubles } =
  ${JSON.stringify(quality)};
const trouble = () => {
  try { return require('node:fs').readFileSync(troubles + '/' + process.env.TIDEGATE_NODE, 'utf8'); }
  catch { return ''; }
};
const look = () => { if (trouble() === 'crash') process.exit(7); };
let isStuck = false;
if (troubles) { look(); setInterval(look, 50); }
if (diary) require('node:fs').appendFileSync(diary, '${version} ' + process.cwd() + '\\n');
if (isSick) console.log('\\u001b[31mno database: password=hunter22');
const leak = [];
let count = 0;
const server = require('node:http').createServer((request, response) => {
  if (request.url === '/healthz' && troubles) {
    isStuck ||= trouble() === 'hang';
    if (isStuck) return;
    if (trouble() === 'sick') { response.statusCode = 503; return response.end(); }
  }
  if (request.url === '/healthz') { response.statusCode = isSick ? 503 : 200; return response.end(); }
  if (leakBytes) leak.push(Buffer.alloc(leakBytes, 1));
  count += 1;
  // Spread evenly: 0.9 hangs nine of ten in a row, 0.2 every fifth.
  if (Math.floor(count * hangRate) > Math.floor((count - 1) * hangRate)) return;
  // Every n-th: the same errors in every run.
  const bad = errorRate > 0 && count % Math.round(1 / errorRate) === 0;
  if (isEcho) return response.end(JSON.stringify(request.headers));
  setTimeout(() => { response.statusCode = bad ? 500 : 200; response.end('${version}'); }, delayMs);
});
setTimeout(() => server.listen(Number(process.env.PORT), '127.0.0.1'), startMs);
process.on('SIGTERM', () => process.exit(0));
`;

export class TestService {
  constructor(
    private readonly client: Client,
    readonly name: string,
    readonly port: number,
  ) {}

  async push(version: string, quality: Quality = {}): Promise<void> {
    const { bytes } = await buildArtifact({ files: { 'server.cjs': program(version, quality) } });
    const form = new FormData();
    form.set('version', version);
    form.set(
      'manifest',
      JSON.stringify({
        schema: 1,
        run: { command: process.execPath, args: ['server.cjs'] },
        traffic: { protocol: 'http', port: this.port },
        health: { intervalMs: 100, stableMs: 0, startTimeoutMs: quality.isSick ? 1500 : 20_000 },
        drainMs: 2000,
        stopGraceMs: 2000,
        hooks: quality.hooks ?? {},
      }),
    );
    form.set('artifact', new Blob([new Uint8Array(bytes)]), 'artifact.tar.gz');
    const { status, body } = await this.client.post(`/modules/${this.name}/releases`, form);
    if (status !== 201) throw new Error(`push failed: ${status} ${JSON.stringify(body)}`);
  }
}

/** Sends steady traffic through the nodes' fronts until it is stopped. */
export class Traffic {
  sent = 0;
  failed = 0;
  readonly answers = new Map<string, number>();
  private running = true;
  private readonly agent = new Agent({ keepAlive: true });
  private readonly done: Promise<unknown>;

  /** `patienceMs`: clients that leave without an answer by then. */
  constructor(
    nodes: readonly TestNode[],
    port: number,
    everyMs = 15,
    private readonly patienceMs?: number,
  ) {
    this.done = Promise.all(nodes.map((node) => this.loop(port + node.portOffset, everyMs)));
  }

  async stop(): Promise<void> {
    this.running = false;
    await this.done;
    this.agent.destroy();
  }

  private async loop(port: number, everyMs: number): Promise<void> {
    const open = new Set<Promise<void>>();
    while (this.running) {
      const one: Promise<void> = this.send(port).finally(() => open.delete(one));
      open.add(one);
      await pause(everyMs);
    }
    await Promise.all(open);
  }

  private send(port: number): Promise<void> {
    return new Promise((resolve) => {
      const finish = (key: string, isFailed: boolean) => {
        this.sent += 1;
        if (isFailed) this.failed += 1;
        this.answers.set(key, (this.answers.get(key) ?? 0) + 1);
        resolve();
      };
      const call = request({ host: '127.0.0.1', port, agent: this.agent }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('error', () => finish('cut', true));
        response.on('end', () =>
          finish(text || String(response.statusCode), response.statusCode !== 200),
        );
      });
      if (this.patienceMs !== undefined) call.setTimeout(this.patienceMs, () => call.destroy());
      call.on('error', (error) => finish((error as NodeJS.ErrnoException).code ?? 'error', true));
      call.end();
    });
  }
}
