/** What an agent says on the wire when nothing changes: a long poll, always, and a report every so often. */
import { randomUUID, sign } from 'node:crypto';
import { Client } from 'undici';
import {
  AGENT_AUDIENCE,
  AGENT_TOKEN_TYPE,
  type ReportRequest,
} from '../../src/agent/protocol/protocol.js';
import type { BenchNode } from './node-rows.js';

const POLL_MS = 25_000;
const AGAIN_MS = 500;
const HISTOGRAM = [40, 44, 48, 52, 56, 60, 64, 68, 72, 80];

export interface Counts {
  reports: number;
  polls: number;
  /** Answers that were none, with why. */
  readonly failed: string[];
  /** Of the reports, in ms. */
  readonly took: number[];
}

/** Two connections that are kept, and a key: as a real one, without what it supervises. */
export class PollingAgent {
  private readonly bootId = randomUUID();
  private readonly reporting: Client;
  private readonly polling: Client;
  private readonly gone = new AbortController();
  private beats = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly node: BenchNode,
    private readonly counts: Counts,
    url: string,
    /** Another place for its reports: what is measured beside. */
    private readonly path = '/api/v1/agent/report',
  ) {
    const options = { pipelining: 1, headersTimeout: 2 * POLL_MS, keepAliveTimeout: 2 * POLL_MS };
    this.reporting = new Client(url, options);
    this.polling = new Client(url, options);
  }

  /** Asks for ever. */
  async poll(): Promise<void> {
    while (!this.gone.signal.aborted) {
      const nonce = randomUUID();
      const path = `/api/v1/agent/desired?after=1&waitMs=${POLL_MS}&nonce=${nonce}`;
      await this.ask(this.polling, 'GET', path, 204);
      if (!this.gone.signal.aborted) this.counts.polls += 1;
    }
  }

  /** At its own beat; one that takes too long is followed at once, as with a real one. */
  report(intervalMs: number, firstMs: number): void {
    this.timer = setTimeout(() => {
      const since = performance.now();
      void this.ask(this.reporting, 'POST', this.path, 200, this.body()).then(() => {
        const tookMs = performance.now() - since;
        this.counts.reports += 1;
        this.counts.took.push(tookMs);
        if (!this.gone.signal.aborted) this.report(intervalMs, Math.max(0, intervalMs - tookMs));
      });
    }, firstMs);
  }

  async stop(): Promise<void> {
    this.gone.abort();
    clearTimeout(this.timer);
    await Promise.all([this.reporting.destroy(), this.polling.destroy()]);
  }

  private async ask(
    client: Client,
    method: 'GET' | 'POST',
    path: string,
    expected: number,
    body?: ReportRequest,
  ): Promise<void> {
    try {
      const answer = await client.request({
        method,
        path,
        headers: {
          authorization: `Bearer ${this.token()}`,
          ...(body && { 'content-type': 'application/json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
      });
      const text = await answer.body.text();
      if (answer.statusCode !== expected) throw new Error(`${answer.statusCode}: ${text}`);
    } catch (error) {
      if (this.gone.signal.aborted) return;
      this.counts.failed.push(`${method} ${path.split('?')[0]}: ${(error as Error).message}`);
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  /** By hand: what signing costs is the nodes' own, and should leave the processors to the server. */
  private token(): string {
    const { nodeId, tenantId, privateKey } = this.node;
    const iat = Math.floor(Date.now() / 1000);
    const head = { alg: 'EdDSA', typ: AGENT_TOKEN_TYPE, kid: nodeId };
    const jti = randomUUID();
    const claims = { iss: nodeId, aud: AGENT_AUDIENCE, iat, exp: iat + 60, jti };
    const said = `${encoded(head)}.${encoded({ ...claims, tenant: tenantId, boot: this.bootId })}`;
    return `${said}.${sign(null, Buffer.from(said), privateKey).toString('base64url')}`;
  }

  /** Nothing has changed but the counters. */
  private body(): ReportRequest {
    this.beats += 1;
    const requests = this.beats * 50;
    const counters = {
      errors: 0,
      frontErrors: 0,
      cut: 0,
      retries: 0,
      clientGone: 0,
      websockets: 0,
    };
    return {
      protocol: 1,
      bootId: this.bootId,
      agentVersion: '0.0.0-bench',
      revision: 1,
      capacity: { cpuMillicores: 4_000, memoryMiB: 8_192 },
      observed: this.node.modules.map(({ moduleId, releaseId }) => ({
        moduleId,
        generation: 1,
        state: 'healthy' as const,
        running: [{ releaseId, configurationId: null, instance: 'i-1' }],
        endpoints: ['http://127.0.0.1:8080'],
      })),
      metrics: this.node.modules.map(({ moduleId, releaseId }) => ({
        moduleId,
        releaseId,
        instance: 'i-1',
        ageMs: 12.5,
        requests,
        ...counters,
        cpuMs: this.beats * 31.25,
        memoryBytes: 80 * 2 ** 20,
        histogram: HISTOGRAM.map((bucket): [number, number] => [bucket, this.beats * 5]),
      })),
    };
  }
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
