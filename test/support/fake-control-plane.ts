import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { CompactSign, jwtVerify } from 'jose';
import { failureLog, type FailureLog } from '../../src/agent/protocol/failure-log.js';
import {
  AGENT_AUDIENCE,
  AGENT_TOKEN_TYPE,
  DESIRED_TYPE,
  type DesiredModule,
  type DesiredRelease,
  type DesiredStatement,
  enrollRequest,
  type ObservedModule,
  type ReportRequest,
  reportRequest,
} from '../../src/agent/protocol/protocol.js';
import { digestOf } from '../../src/kernel/digest.js';
import { newSigningKey, publicKeyText, readPublicKey } from '../../src/kernel/signature.js';
import { buildArtifact } from './artifact.js';
import { PATIENCE_MS } from './patience.js';

export interface ReleaseOptions {
  version: string;
  files: Record<string, string>;
  manifest: Record<string, unknown>;
  configuration?: Record<string, string>;
  trafficPercent?: number;
}

/** A control plane of one node, with the wire of the real one and knobs to misbehave with. */
export class FakeControlPlane {
  readonly tenantId = randomUUID();
  readonly nodeId = randomUUID();
  readonly token = 'one-time-token';
  readonly keys = newSigningKey();
  signingKey = this.keys.privateKey;
  readonly reports: ReportRequest[] = [];
  readonly failureLogs: FailureLog[] = [];
  readonly artifacts = new Map<string, Buffer>();
  /** Requests by path, e.g. to see that nothing was downloaded twice. */
  readonly seen: string[] = [];
  modules: DesiredModule[] = [];
  revision = 0;
  reportIntervalMs = 200;
  /** The server's clock, as its Date header shows it and its token check uses it. */
  clockOffsetMs = 0;
  /** Changes a statement before it is signed. */
  tamper: ((statement: DesiredStatement) => object) | undefined;
  /** Answers an artifact request instead; true when it did. */
  onArtifact: ((response: ServerResponse, bytes: Buffer) => boolean) | undefined;
  private publicKey: string | undefined;
  private waiting = new Set<() => void>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<FakeControlPlane> {
    const server = createServer();
    const plane = new FakeControlPlane(server);
    server.on('request', (request, response) => {
      plane.answer(request, response).catch((error: unknown) => {
        if (!response.headersSent) send(response, 500, { message: String(error) });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return plane;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async release(options: ReleaseOptions): Promise<DesiredRelease> {
    const { bytes, artifactDigest } = await buildArtifact(options);
    this.artifacts.set(artifactDigest, bytes);
    // What is stable at once: tests of the wait say so themselves.
    const health = { stableMs: 0, ...(options.manifest.health as object | undefined) };
    const manifest = { schema: 1, ...options.manifest, health };
    const { digest } = digestOf('release', { artifactDigest, manifest });
    return {
      releaseId: randomUUID(),
      version: options.version,
      releaseDigest: digest,
      artifactDigest,
      artifactBytes: bytes.length,
      manifestText: digestOf('subject', manifest).text,
      configurationId: null,
      configuration: options.configuration ?? {},
      signature: null,
      trafficPercent: options.trafficPercent ?? 100,
    };
  }

  /** Makes this the desired state of these modules; the others stay as they are. */
  desire(...modules: DesiredModule[]): void {
    const ids = new Set(modules.map((one) => one.moduleId));
    this.modules = [...this.modules.filter((one) => !ids.has(one.moduleId)), ...modules];
    this.revision += 1;
    for (const wake of this.waiting) wake();
  }

  observed(moduleId: string): ObservedModule | undefined {
    return this.reports.at(-1)?.observed.find((one) => one.moduleId === moduleId);
  }

  /** Waits for a report in which the module is as asked; says what it was instead. */
  async untilObserved(
    moduleId: string,
    isIt: (module: ObservedModule) => boolean,
    waitMs = PATIENCE_MS,
  ): Promise<ObservedModule> {
    const deadline = Date.now() + waitMs;
    for (;;) {
      const module = this.observed(moduleId);
      if (module && isIt(module)) return module;
      if (Date.now() > deadline) throw new Error(`not observed: ${JSON.stringify(module)}`);
      await pause(20);
    }
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://fake');
    const path = url.pathname.replace('/api/v1/agent/', '');
    this.seen.push(path);
    response.setHeader('date', new Date(Date.now() + this.clockOffsetMs).toUTCString());
    if (path === 'enroll') return this.enroll(await body(request), response);
    if (!(await this.isKnown(request))) return send(response, 401, { code: 'unauthenticated' });
    if (path === 'report') {
      this.reports.push(reportRequest.parse(await body(request)));
      const { reportIntervalMs, revision } = this;
      return send(response, 200, { protocol: 1, reportIntervalMs, revision });
    }
    if (path === 'failure-logs') {
      this.failureLogs.push(failureLog.parse(await body(request)));
      return void response.writeHead(204).end();
    }
    if (path === 'desired') return this.desired(url, request, response);
    const bytes = this.artifacts.get(path.replace('artifacts/', ''));
    if (!bytes) return send(response, 404, { code: 'not-found' });
    if (this.onArtifact?.(response, bytes)) return;
    response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
  }

  private enroll(value: unknown, response: ServerResponse): void {
    const { token, publicKey } = enrollRequest.parse(value);
    const isRepeat = this.publicKey === undefined || this.publicKey === publicKey;
    if (token !== this.token || !isRepeat) {
      return send(response, 401, { code: 'token-not-valid', detail: 'the token is not valid' });
    }
    this.publicKey = publicKey;
    const serverKeys = [{ kid: 'k1', publicKey: publicKeyText(this.keys.publicKey) }];
    const { tenantId, nodeId } = this;
    send(response, 200, { protocol: 1, tenantId, nodeId, clusterId: randomUUID(), serverKeys });
  }

  private async isKnown(request: IncomingMessage): Promise<boolean> {
    if (this.publicKey === undefined) return false;
    const token = (request.headers.authorization ?? '').replace('Bearer ', '');
    try {
      const { payload, protectedHeader } = await jwtVerify(token, readPublicKey(this.publicKey), {
        algorithms: ['EdDSA'],
        typ: AGENT_TOKEN_TYPE,
        issuer: this.nodeId,
        audience: AGENT_AUDIENCE,
        maxTokenAge: 60,
        currentDate: new Date(Date.now() + this.clockOffsetMs),
        clockTolerance: 5,
        requiredClaims: ['iat', 'exp', 'jti'],
      });
      return payload.tenant === this.tenantId && protectedHeader.kid === this.nodeId;
    } catch {
      return false;
    }
  }

  private async desired(url: URL, request: IncomingMessage, response: ServerResponse) {
    const after = Number(url.searchParams.get('after'));
    const waitMs = Number(url.searchParams.get('waitMs'));
    if (this.revision <= after) {
      await new Promise<void>((resolve) => {
        setTimeout(resolve, waitMs).unref();
        this.waiting.add(resolve);
        request.socket.once('close', resolve);
      });
    }
    if (this.revision <= after) return void response.writeHead(204).end();
    const { tenantId, nodeId, revision, reportIntervalMs, modules } = this;
    const nonce = url.searchParams.get('nonce') ?? '';
    const plain = { tenantId, nodeId, nonce, revision, reportIntervalMs, modules };
    const statement: DesiredStatement = { protocol: 1, ...plain };
    send(response, 200, { statement: await this.sign(this.tamper?.(statement) ?? statement) });
  }

  private sign(payload: object): Promise<string> {
    return new CompactSign(Buffer.from(JSON.stringify(payload)))
      .setProtectedHeader({ alg: 'EdDSA', typ: DESIRED_TYPE, kid: 'k1' })
      .sign(this.signingKey);
  }
}

async function body(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString());
}

function send(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}
