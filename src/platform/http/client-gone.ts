import type { FastifyRequest } from 'fastify';

/** How Node, Fastify and the multipart parser say that a stream has ended before its time. */
const CUT_SHORT = new Set([
  'ABORT_ERR',
  'ECONNABORTED',
  'ECONNRESET',
  'EPIPE',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_UNABLE_TO_PIPE',
  'FST_ERR_CTP_INVALID_CONTENT_LENGTH',
]);

/** What nginx notes for a client that closed its request; it is in metrics only, nobody is sent it. */
export const CLIENT_GONE_STATUS = 499;

/**
 * Whether the request failed because its client went away. Both must be so: the connection is gone,
 * and the error is that of a stream; a mistake of ours stays one, also when nobody waits for it.
 */
export function isClientGone(error: unknown, { raw }: Pick<FastifyRequest, 'raw'>): boolean {
  if (!raw.socket?.destroyed && !(raw.destroyed && !raw.complete)) return false;
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  return CUT_SHORT.has(String(code)) || name === 'AbortError';
}

/** For a request that waited before its body was read: of a stream that is gone nobody hears anything more. */
export function refuseIfGone({ raw }: Pick<FastifyRequest, 'raw'>): void {
  if (!raw.destroyed || raw.complete) return;
  throw Object.assign(new Error('the client went away'), { code: 'ECONNRESET' });
}
