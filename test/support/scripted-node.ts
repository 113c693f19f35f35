/**
 * A node that speaks the agent's protocol and runs nothing: what becomes of a release is what the
 * test says. For what a real agent would never do, and for rollouts that need no processes.
 */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { decodeJwt, SignJWT } from 'jose';
import {
  AGENT_AUDIENCE,
  AGENT_TOKEN_TYPE,
  type DesiredModule,
  type DesiredStatement,
  type ObservedModule,
} from '../../src/agent/protocol/protocol.js';
import { publicKeyText } from '../../src/kernel/signature.js';
import type { Client } from './client.js';

type Outcome = Partial<Pick<ObservedModule, 'state' | 'running' | 'reason'>>;

const EVERY_MS = 100;

export class ScriptedNode {
  nodeId = '';
  /** What the node says of a module instead of "healthy, as desired". */
  script: (module: DesiredModule) => Outcome = () => ({});
  /** The statement that it has accepted last. */
  statement: DesiredStatement | undefined;
  private tenantId = '';
  private running = false;
  private loop: Promise<void> = Promise.resolve();
  private readonly key = generateKeyPairSync('ed25519');

  constructor(
    private readonly server: string,
    readonly name: string,
  ) {}

  async enroll(client: Client, environment = 'QA'): Promise<void> {
    const { body } = await client.post('/nodes/enrollment-tokens', { environment });
    const response = await fetch(`${this.server}/api/v1/agent/enroll`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        protocol: 1,
        token: body.token,
        name: this.name,
        labels: {},
        publicKey: publicKeyText(this.key.publicKey),
      }),
    });
    const answer = (await response.json()) as { nodeId: string; tenantId: string };
    if (response.status !== 200) throw new Error(`not enrolled: ${JSON.stringify(answer)}`);
    this.nodeId = answer.nodeId;
    this.tenantId = answer.tenantId;
    this.start();
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    this.loop = this.run();
  }

  /** Falls silent; what it has accepted stays. */
  async stop(): Promise<void> {
    this.running = false;
    await this.loop;
  }

  /** The versions that it should run of a module. */
  versions(module: string): string[] {
    const own = (this.statement?.modules ?? []).filter(({ name }) => name === module);
    return own.flatMap(({ releases }) => releases.map(({ version }) => version));
  }

  private async run(): Promise<void> {
    while (this.running) {
      await this.turn().catch(() => undefined);
      await pause(EVERY_MS);
    }
  }

  private async turn(): Promise<void> {
    const revision = this.statement?.revision ?? 0;
    const query = `after=${revision}&waitMs=0&nonce=${randomUUID()}`;
    const desired = await this.call('GET', `desired?${query}`);
    if (desired.status === 200) {
      const { statement } = (await desired.json()) as { statement: string };
      this.statement = decodeJwt(statement) as unknown as DesiredStatement;
    } else await desired.arrayBuffer();
    const report = await this.call('POST', 'report', {
      protocol: 1,
      bootId: 'scripted',
      agentVersion: '0.1.0',
      revision: this.statement?.revision ?? 0,
      observed: (this.statement?.modules ?? []).map((module) => this.observed(module)),
      metrics: [],
    });
    await report.arrayBuffer();
  }

  private observed(module: DesiredModule): ObservedModule {
    const { moduleId, generation, releases } = module;
    const running = releases.map(({ releaseId, configurationId }) => ({
      releaseId,
      configurationId,
      instance: `${releaseId}-${generation}`.slice(0, 64),
    }));
    const state = releases.length > 0 ? 'healthy' : 'absent';
    return { moduleId, generation, state, running, endpoints: [], ...this.script(module) };
  }

  private async call(method: string, path: string, body?: unknown): Promise<Response> {
    const now = Math.floor(Date.now() / 1000);
    const token = await new SignJWT({
      iss: this.nodeId,
      tenant: this.tenantId,
      aud: AGENT_AUDIENCE,
      iat: now,
      exp: now + 60,
      jti: randomUUID(),
      boot: 'scripted',
    })
      .setProtectedHeader({ alg: 'EdDSA', typ: AGENT_TOKEN_TYPE, kid: this.nodeId })
      .sign(this.key.privateKey);
    return fetch(`${this.server}/api/v1/agent/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
}
