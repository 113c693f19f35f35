import { createHash } from 'node:crypto';
import { canonicalJson } from '../../kernel/canonical-json.js';
import { limits } from '../../kernel/limits.js';
import type { Context, OpenContext } from '../context.js';
import type { Database } from '../database/database.js';
import { idempotencyKeyInFlight, idempotencyKeyReused, validationFailed } from './http.errors.js';
import { findAnswer, keepAnswer, tryIdempotencyLock } from './idempotency.store.js';

/** How an answer is kept that holds what must not lie in the database twice. */
export interface KeptByReference<T> {
  /** What finds it again. */
  readonly referenceOf: (body: T) => unknown;
  readonly read: (open: OpenContext, reference: unknown) => Promise<T>;
}

export interface IdempotentRequest<T = unknown> {
  /** The value of the `Idempotency-Key` header; undefined: the work simply runs. */
  readonly key: string | undefined;
  /** Method and route template, e.g. `POST /deployments`. */
  readonly route: string;
  readonly body: unknown;
  /**
   * What the caller must be allowed, where only the database knows. Asked before a stored answer is given,
   * too: whoever may not do it any more hears what anybody else hears.
   */
  readonly mustBeAllowed?: (open: OpenContext) => Promise<void>;
  /** Absent: the answer is kept as it is. */
  readonly kept?: KeptByReference<T>;
}

export interface StoredAnswer<T> {
  readonly status: number;
  readonly body: T;
}

/**
 * Runs the work and keeps its 2xx answer under the caller's key, in one transaction with the work
 * itself, for limits.idempotencyDays. The same key and body get the stored answer; another body is
 * 422 `idempotency-key-reused`; a key that is still in flight is 409 `idempotency-key-in-flight`.
 */
export async function idempotent<T>(
  database: Database,
  ctx: Context,
  request: IdempotentRequest<T>,
  work: (open: OpenContext) => Promise<StoredAnswer<T>>,
): Promise<StoredAnswer<T>> {
  const { key, route, mustBeAllowed, kept } = request;
  if (key === undefined) {
    return database.transaction(ctx, async (open) => {
      await mustBeAllowed?.(open);
      return work(open);
    });
  }
  if (!/^[\x20-\x7e]+$/.test(key) || key.length > limits.idempotencyKeyCharacters) {
    throw validationFailed(
      `Idempotency-Key must be 1 to ${limits.idempotencyKeyCharacters} printable ASCII characters.`,
    );
  }
  // The person or service, not the credential: a rotated key is still the same caller.
  const principal = ctx.actor.personId ?? ctx.actor.id;
  const bodyDigest = createHash('sha256').update(comparable(request.body)).digest('hex');
  return database.transaction(ctx, async (open) => {
    const lock = createHash('sha256')
      .update(`${open.tenantId}\n${principal}\n${route}\n${key}`)
      .digest()
      .readBigInt64BE();
    const owner = { principal, route, key };
    // Tried, not waited for: a second request in flight must hear 409 instead of hanging.
    if (!(await tryIdempotencyLock(open, lock))) throw idempotencyKeyInFlight();
    await mustBeAllowed?.(open);
    // A statement of its own: its snapshot must be newer than the lock.
    const stored = await findAnswer(open, owner);
    if (stored && stored.bodyDigest !== bodyDigest) throw idempotencyKeyReused();
    if (stored) {
      const told: unknown = JSON.parse(stored.body);
      const body = kept ? await kept.read(open, told) : (told as T);
      return { status: stored.status, body };
    }
    const answer = await work(open);
    const { status } = answer;
    const body = JSON.stringify(kept ? kept.referenceOf(answer.body) : answer.body);
    await keepAnswer(open, owner, { bodyDigest, status, body });
    return answer;
  });
}

/**
 * The body as text, the same for the same body. Numbers that have no canonical form are written as
 * texts: whether they are acceptable is for the work to say, with a better message than ours.
 */
function comparable(body: unknown): string {
  const isPlain = (value: unknown) => typeof value !== 'number' || Number.isSafeInteger(value);
  const text = JSON.stringify(body, (_key, value: unknown) =>
    isPlain(value) ? value : `number ${String(value)}`,
  );
  return canonicalJson(JSON.parse(text));
}
