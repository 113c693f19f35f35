import { chmod, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { DomainError, messageOf } from '../../kernel/errors.js';
import { text } from '../../kernel/text.js';
import { answerUpgradeOffers } from '../../kernel/upgrade-offers.js';
import type { Front } from './front.js';
import { frontLimits } from './front-limits.js';

/**
 * The front's ear: HTTP on a Unix socket that only its own user can open. Whoever can connect may
 * command, so the file is never there with wider permissions, not even for a moment.
 */
export interface ControlActions {
  /** Starts a successor by this command, hands the sockets over, retires. */
  upgrade(command: readonly string[]): Promise<{ pid: number }>;
}

const count = z.number().min(0);
const sparse = z.array(z.tuple([z.int(), count]));
const drainRequest = z.strictObject({ instance: text(64), timeoutMs: z.number().min(0) });
const upgradeRequest = z.strictObject({ command: z.array(text(4096)).min(1).max(100) });
const absorbRequest = z.strictObject({
  pid: z.int().min(1),
  counters: z.array(
    z.strictObject({
      moduleId: text(64),
      releaseId: text(64),
      instance: text(64),
      inFlight: count,
      requests: count,
      errors: count,
      frontErrors: count,
      cut: count,
      retries: count,
      clientGone: count,
      refused: count.optional(),
      websockets: count,
      histogram: sparse,
      abandoned: sparse.optional(),
    }),
  ),
});

export class ControlServer {
  private readonly server: Server;

  constructor(
    private readonly front: Front,
    private readonly actions: ControlActions,
  ) {
    // A drain may take as long as it takes; the client has the deadline.
    this.server = createServer({ requestTimeout: 0 }, (request, response) => {
      void this.serve(request, response);
    });
    answerUpgradeOffers(this.server);
  }

  async listen(path: string): Promise<void> {
    await rm(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      const umask = process.umask(0o177);
      try {
        // bind() happens inside this call, so the mask is back before anything else runs.
        this.server.listen(path, resolve);
      } finally {
        process.umask(umask);
      }
    });
    await chmod(path, 0o600);
  }

  /** Lets answers that are being written out finish, at most `graceMs`. */
  async close(graceMs: number): Promise<void> {
    const timer = setTimeout(() => this.server.closeAllConnections(), graceMs);
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
    clearTimeout(timer);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const body = await readJson(request);
      const result = await this.act(`${request.method} ${request.url}`, body);
      send(response, 200, result);
    } catch (error) {
      const known = error instanceof DomainError ? error : undefined;
      send(response, known ? 400 : 500, {
        kind: known?.kind ?? 'bug',
        code: known?.code ?? 'front-failed',
        message: messageOf(error),
        details: known?.details,
      });
    }
  }

  private async act(what: string, body: unknown): Promise<unknown> {
    switch (what) {
      case 'GET /status':
        return this.front.status();
      case 'PUT /table': {
        const applied = await this.front.apply(body);
        return { ...applied, retired: (await this.front.status()).retired };
      }
      case 'POST /drain': {
        const { instance, timeoutMs } = checked(drainRequest, body);
        return this.front.drain(instance, timeoutMs);
      }
      case 'POST /upgrade':
        return this.actions.upgrade(checked(upgradeRequest, body).command);
      case 'POST /absorb': {
        const { pid, counters } = checked(absorbRequest, body);
        this.front.absorb(pid, counters);
        return {};
      }
      default:
        throw new DomainError(
          'not-found',
          'unknown-control-call',
          `The front knows no "${what}". Agent and front may differ in version: upgrade the front.`,
        );
    }
  }
}

function checked<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const first = parsed.error.issues[0]!;
  throw new DomainError(
    'invalid',
    'invalid-control-call',
    `The control call was refused: ${[...first.path, first.message].join(' ')}`,
  );
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > frontLimits.controlBodyBytes) {
      throw new DomainError(
        'too-large',
        'control-call-too-large',
        'The control call is too large.',
      );
    }
    chunks.push(chunk);
  }
  if (bytes === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    throw new DomainError('invalid', 'invalid-control-call', 'The control call is not JSON.');
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
