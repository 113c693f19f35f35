import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { SignJWT } from 'jose';
import { Agent, type Dispatcher, EnvHttpProxyAgent, request } from 'undici';
import type { z } from 'zod';
import { systemClock } from '../../kernel/clock.js';
import { DomainError, messageOf } from '../../kernel/errors.js';
import { failpoint } from '../../kernel/failpoint.js';
import { printable } from '../../kernel/text.js';
import type { NodeIdentity, NodeKey } from '../identity/identity.js';
import type { FailureLog } from '../protocol/failure-log.js';
import {
  AGENT_AUDIENCE,
  AGENT_TOKEN_TYPE,
  desiredResponse,
  type EnrollRequest,
  type EnrollResponse,
  enrollResponse,
  type ReportRequest,
  type ReportResponse,
  reportResponse,
} from '../protocol/protocol.js';
import { bootId } from '../supervisor/proc.js';
import { ServerClock } from './server-clock.js';

/** Largest answer read into memory: a statement of 100 modules with two manifests each. */
const ANSWER_BYTES = 32 * 1024 * 1024;
const REQUEST_TIMEOUT_MS = 15_000;
const TOKEN_SECONDS = 60;

/** An answer of the server that is not a success. */
export class ServerRefusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retryAfterMs: number | undefined,
  ) {
    super(message);
    this.name = 'ServerRefusal';
  }

  /** Else somebody on the way has answered: no problem document came. */
  get isOurs(): boolean {
    return this.code !== `http-${this.status}`;
  }

  /** Asking again with the same words will not help. */
  get isFinal(): boolean {
    return this.status >= 400 && this.status < 500 && ![401, 408, 425, 429].includes(this.status);
  }
}

interface Call {
  method: 'GET' | 'POST';
  path: string;
  body?: unknown;
  signal?: AbortSignal;
  timeoutMs?: number;
  /** Enrolment has no identity yet. */
  anonymous?: boolean;
}

type Answer = Dispatcher.ResponseData;

/** The agent's only way out: every request goes to one server, signed with the node's own key. */
export class ControlPlane {
  private readonly dispatcher: Dispatcher;
  private readonly serverClock = new ServerClock(systemClock);
  private identity: NodeIdentity | undefined;

  constructor(
    private readonly server: URL,
    private readonly key: NodeKey,
    ca: string | undefined,
  ) {
    const trust = ca ? { ca } : {};
    const connect = { timeout: 10_000, ...trust };
    // No proxy reaches a server of this machine.
    this.dispatcher = isLoopback(server.hostname)
      ? new Agent({ connect })
      : new EnvHttpProxyAgent({ connect, requestTls: trust });
  }

  /** From here on requests carry this node's token. */
  use(identity: NodeIdentity): void {
    this.identity = identity;
  }

  async enroll(body: EnrollRequest): Promise<EnrollResponse> {
    const answer = await this.call({ method: 'POST', path: 'enroll', body, anonymous: true });
    return readJson(answer, enrollResponse);
  }

  async report(body: ReportRequest, signal?: AbortSignal): Promise<ReportResponse> {
    await failpoint('agent.report:before');
    const call = { method: 'POST' as const, path: 'report', body, ...(signal ? { signal } : {}) };
    return readJson(await this.call(call), reportResponse);
  }

  async failureLog(body: FailureLog, signal: AbortSignal): Promise<void> {
    const call = { method: 'POST' as const, path: 'failure-logs', body, signal };
    await (await this.call(call)).body.dump();
  }

  /** Null: nothing newer than `after` within `waitMs`. */
  async desired(
    query: { after: number; waitMs: number; nonce: string },
    signal: AbortSignal,
  ): Promise<string | null> {
    const path = `desired?after=${query.after}&waitMs=${query.waitMs}&nonce=${query.nonce}`;
    const timeoutMs = query.waitMs + REQUEST_TIMEOUT_MS;
    const answer = await this.call({ method: 'GET', path, signal, timeoutMs });
    if (answer.statusCode === 204) {
      await answer.body.dump();
      return null;
    }
    return (await readJson(answer, desiredResponse)).statement;
  }

  /** The caller reads or destroys the stream. */
  async artifact(
    artifactDigest: string,
    signal: AbortSignal,
  ): Promise<{ body: Readable; bytes: number | undefined }> {
    const answer = await this.call({ method: 'GET', path: `artifacts/${artifactDigest}`, signal });
    const length = Number(answer.headers['content-length']);
    return { body: answer.body, bytes: Number.isSafeInteger(length) ? length : undefined };
  }

  async close(): Promise<void> {
    await this.dispatcher.destroy();
  }

  private async call(call: Call, isRetry = false): Promise<Answer> {
    const sentAt = Date.now();
    const timeoutMs = call.timeoutMs ?? REQUEST_TIMEOUT_MS;
    const answer = await request(this.address(call.path), {
      dispatcher: this.dispatcher,
      method: call.method,
      headers: {
        accept: 'application/json',
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(call.anonymous ? {} : { authorization: `Bearer ${await this.token()}` }),
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      ...(call.signal ? { signal: call.signal } : {}),
      headersTimeout: timeoutMs,
      bodyTimeout: REQUEST_TIMEOUT_MS,
    });
    const hasMoved = this.serverClock.learn(headerOf(answer, 'date'), sentAt);
    if (answer.statusCode < 300) return answer;
    const refusal = await refusalOf(answer);
    if (answer.statusCode === 401 && hasMoved && !isRetry && !call.anonymous) {
      return this.call(call, true);
    }
    throw refusal;
  }

  /** Below the path of --server, where a proxy may have put the API. */
  private address(path: string): URL {
    const { origin, pathname } = this.server;
    return new URL(`${origin}${pathname.replace(/\/$/, '')}/api/v1/agent/${path}`);
  }

  private async token(): Promise<string> {
    const identity = this.identity;
    if (!identity) {
      throw new DomainError('bug', 'not-enrolled', 'The agent asked before it was enrolled.');
    }
    const issuedAt = Math.floor(this.serverClock.now() / 1000);
    return new SignJWT({ tenant: identity.tenantId, boot: bootId })
      .setProtectedHeader({ alg: 'EdDSA', typ: AGENT_TOKEN_TYPE, kid: identity.nodeId })
      .setIssuer(identity.nodeId)
      .setAudience(AGENT_AUDIENCE)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + TOKEN_SECONDS)
      .setJti(randomUUID())
      .sign(this.key.privateKey);
  }
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

async function readJson<T extends z.ZodType>(answer: Answer, schema: T): Promise<z.output<T>> {
  const text = await readText(answer, ANSWER_BYTES);
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new DomainError(
      'unavailable',
      'answer-not-understood',
      `The server's answer is not what protocol 1 says; is --server a Tidegate server? (${messageOf(error).slice(0, 300)})`,
      { cause: error },
    );
  }
}

async function refusalOf(answer: Answer): Promise<ServerRefusal> {
  const text = await readText(answer, 64 * 1024).catch(() => '');
  let code = `http-${answer.statusCode}`;
  let message = `the server answered ${answer.statusCode}`;
  try {
    const problem = JSON.parse(text) as Record<string, unknown>;
    if (typeof problem.code === 'string') code = printable(problem.code.slice(0, 64));
    const said = problem.detail ?? problem.message;
    if (typeof said === 'string') message = printable(said.slice(0, 500));
  } catch {
    // Not ours: a proxy's page. The status says enough.
  }
  const seconds = Number(headerOf(answer, 'retry-after'));
  const retryAfterMs = seconds > 0 ? Math.min(seconds, 300) * 1000 : undefined;
  return new ServerRefusal(answer.statusCode, code, message, retryAfterMs);
}

async function readText(answer: Answer, mostBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes) {
      throw new DomainError('unavailable', 'answer-too-large', `Over ${mostBytes} bytes.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function headerOf(answer: Answer, name: string): string | undefined {
  const value = answer.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
