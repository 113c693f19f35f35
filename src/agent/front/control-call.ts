import { type Agent, request as httpRequest } from 'node:http';
import { DomainError, messageOf, type ErrorKind } from '../../kernel/errors.js';

export interface ControlCall {
  readonly socket: string;
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  readonly timeoutMs: number;
  /** Keeps its connections open; without one each call has its own. */
  readonly agent?: Agent;
}

/**
 * One call over a front's control socket. What the front refused comes back as the same
 * DomainError; a front that does not answer is `front-unreachable`.
 */
export async function callFront<T>(call: ControlCall): Promise<T> {
  const { status, written } = await exchange(call);
  const answer = JSON.parse(written) as unknown;
  if (status === 200) return answer as T;
  const { kind, code, message, details } = answer as {
    kind: ErrorKind;
    code: string;
    message: string;
    details?: Record<string, unknown>;
  };
  throw new DomainError(kind, code, message, { details });
}

function exchange(call: ControlCall): Promise<{ status: number; written: string }> {
  const { socket, method, path, timeoutMs } = call;
  const body = call.body === undefined ? undefined : JSON.stringify(call.body);
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      reject(
        new DomainError(
          'unavailable',
          'front-unreachable',
          `The front does not answer on ${socket} (${messageOf(error)}). See its log in the state folder; if its process hangs, kill it, it will be started again.`,
          { cause: error },
        ),
      );
    };
    const request = httpRequest(
      {
        socketPath: socket,
        method,
        path,
        agent: call.agent ?? false,
        signal: AbortSignal.timeout(timeoutMs),
        headers: body === undefined ? {} : { 'content-length': Buffer.byteLength(body) },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', fail);
        response.on('end', () => {
          const written = Buffer.concat(chunks).toString('utf8');
          resolve({ status: response.statusCode ?? 0, written });
        });
      },
    );
    request.on('error', fail);
    request.end(body);
  });
}
