import { createHash } from 'node:crypto';
import { canonicalJson } from '../../kernel/canonical-json.js';
import { limits } from '../../kernel/limits.js';
import type { Context, OpenContext } from '../context.js';
import type { Database } from '../database/database.js';
import { idempotencyKeyInFlight, idempotencyKeyReused, validationFailed } from './http.errors.js';

export interface IdempotentRequest {
  /** The value of the `Idempotency-Key` header; undefined: the work simply runs. */
  readonly key: string | undefined;
  /** Method and route template, e.g. `POST /deployments`. */
  readonly route: string;
  readonly body: unknown;
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
  request: IdempotentRequest,
  work: (open: OpenContext) => Promise<StoredAnswer<T>>,
): Promise<StoredAnswer<T>> {
  const { key, route } = request;
  if (key === undefined) return database.transaction(ctx, work);
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
    // Tried, not waited for: a second request in flight must hear 409 instead of hanging.
    const [lockRow] = await open.tx.query<{ locked: boolean }>(
      'select pg_try_advisory_xact_lock($1) as locked',
      [lock.toString()],
    );
    if (!lockRow?.locked) throw idempotencyKeyInFlight();
    // A statement of its own: its snapshot must be newer than the lock.
    const [stored] = await open.tx.query<{ bodyDigest: string; status: number; body: string }>(
      `select body_digest as "bodyDigest", status, body from idempotency_keys
       where tenant_id = $1 and principal = $2 and route = $3 and key = $4`,
      [open.tenantId, principal, route, key],
    );
    if (stored && stored.bodyDigest !== bodyDigest) throw idempotencyKeyReused();
    if (stored) return { status: stored.status, body: JSON.parse(stored.body) as T };
    const answer = await work(open);
    await open.tx.execute(
      `insert into idempotency_keys (tenant_id, principal, route, key, body_digest, status, body)
       values ($1, $2, $3, $4, $5, $6, $7)`,
      [
        open.tenantId,
        principal,
        route,
        key,
        bodyDigest,
        answer.status,
        JSON.stringify(answer.body),
      ],
    );
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
