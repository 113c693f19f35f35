import { randomUUID } from 'node:crypto';
import { AnswerError, retryAfterMs, withRetries } from './retry.js';
import type { Credentials } from './session.js';
import { errorOf, type TidegateError, UnreachableError } from './tidegate-error.js';

/**
 * The POSTs that create something and honour Idempotency-Key. Only these are repeated after a lost
 * connection: the server answers the second one with what the first one made.
 */
const CREATING = [
  /^\/api\/v1\/deployments$/,
  /^\/api\/v1\/deployments\/[^/]+\/(rollback|retry)$/,
  /^\/api\/v1\/modules\/[^/]+\/configurations\/[^/]+$/,
  /^\/api\/v1\/signing-keys$/,
  /^\/api\/v1\/service-accounts$/,
  /^\/api\/v1\/federated-identities$/,
  /^\/api\/v1\/identity-providers$/,
  /^\/api\/v1\/tenants$/,
  /^\/api\/v1\/subscriptions$/,
  /^\/api\/v1\/freezes$/,
  /^\/api\/v1\/audit-logs\/erasures$/,
];

export function isCreating(method: string, path: string): boolean {
  // Behind the path of the base address, where a proxy may have put the API.
  const own = path.slice(Math.max(0, path.lastIndexOf('/api/v1/')));
  return method === 'POST' && CREATING.some((pattern) => pattern.test(own));
}

/** A connection that is open and silent for so long will not answer any more. */
const ANSWER_TIMEOUT_MS = 60_000;
/** An answer that may take hours to read: while something comes, it is no silence. */
const STREAM = /^application\/x-ndjson\b/;

/** `fetch` for one server: every failure to reach it is an UnreachableError with the address. */
export async function reach(request: Request): Promise<Response> {
  const silence = new AbortController();
  const listen = () => setTimeout(() => silence.abort(silent()), ANSWER_TIMEOUT_MS).unref();
  let timer = listen();
  const again = () => {
    clearTimeout(timer);
    timer = listen();
  };
  const signal = AbortSignal.any([request.signal, silence.signal]);
  try {
    const response = await fetch(request, { signal });
    return isStream(response) ? heard(response, again, () => clearTimeout(timer)) : response;
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw new UnreachableError(new URL(request.url).origin, error);
  }
}

const silent = () => new DOMException('the server has said nothing for too long', 'TimeoutError');

const isStream = ({ ok, headers }: Response) =>
  ok && STREAM.test(headers.get('content-type') ?? '');

/** The same answer, of which every piece is told. */
function heard(response: Response, onPiece: () => void, onEnd: () => void): Response {
  const { status, statusText, headers } = response;
  const pieces = new TransformStream<Uint8Array, Uint8Array>({
    transform(piece, controller) {
      onPiece();
      controller.enqueue(piece);
    },
    flush: onEnd,
  });
  const body = response.body?.pipeThrough(pieces) ?? null;
  return new Response(body, { status, statusText, headers });
}

/** Gives the proof that a refusal asks for; false: there is none to give. */
export type StepUp = (refusal: TidegateError) => Promise<boolean>;

/** Adds the token and the idempotency key, renews, repeats; throws TidegateError for refusals. */
export function transport(
  credentials: Credentials,
  onStepUp?: StepUp,
): (request: Request) => Promise<Response> {
  return async (request) => {
    const creates = isCreating(request.method, new URL(request.url).pathname);
    if (creates && !request.headers.has('idempotency-key')) {
      request.headers.set('idempotency-key', randomUUID());
    }
    const isRepeatable = creates || ['GET', 'HEAD', 'PUT', 'DELETE'].includes(request.method);
    return withRetries({ isRepeatable, signal: request.signal }, async () => {
      const send = () =>
        withRenewal(credentials, (token) => {
          // A body can be read once; each attempt gets a copy.
          const copy = request.clone();
          if (token !== null) copy.headers.set('authorization', `Bearer ${token}`);
          return reach(copy);
        });
      let response = await send();
      if (response.ok) return response;
      let refusal = await errorOf(response);
      if (refusal.code === 'step-up-required' && (await onStepUp?.(refusal))) {
        response = await send();
        if (response.ok) return response;
        refusal = await errorOf(response);
      }
      throw new AnswerError(refusal, retryAfterMs(response.headers.get('retry-after')));
    });
  };
}

/** Sends with the present token and, after a 401, once more with a renewed one. */
export async function withRenewal<T extends { readonly status: number }>(
  credentials: Credentials,
  send: (token: string | null) => Promise<T>,
): Promise<T> {
  const token = await credentials.token();
  const response = await send(token);
  if (response.status !== 401 || token === null) return response;
  if (!(await credentials.renew(token))) return response;
  return send(await credentials.token());
}
