import type { z } from 'zod';
import { parseStrictJson } from '../http/strict-json.js';
import { outboundAnswerUnusable } from './outbound.errors.js';
import type { OutboundAnswer } from './pinned-request.js';

export interface JsonAnswer<T> {
  readonly value: T;
  readonly etag: string | null;
  /** As Cache-Control says; null when it says nothing, 0 when it is not to be kept. */
  readonly maxAgeMs: number | null;
}

/** Throws `outbound-answer-unusable` for what is no success, no JSON, or of another form. */
export function jsonOf<T>(answer: OutboundAnswer, schema: z.ZodType<T>): JsonAnswer<T> {
  const { status, headers, body } = answer;
  if (status < 200 || status > 299) throw outboundAnswerUnusable('status', status);
  let value: unknown;
  try {
    value = parseStrictJson(body);
  } catch {
    throw outboundAnswerUnusable('json', status);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw outboundAnswerUnusable('schema', status);
  return {
    value: parsed.data,
    etag: headers['etag'] ?? null,
    maxAgeMs: maxAgeOf(headers['cache-control'] ?? ''),
  };
}

function maxAgeOf(cacheControl: string): number | null {
  const directives = cacheControl.toLowerCase().split(',');
  const said = directives.map((directive) => directive.trim());
  if (said.includes('no-store') || said.includes('no-cache')) return 0;
  const seconds = said.map((one) => /^max-age="?(\d{1,9})"?$/.exec(one)?.[1]).find(Boolean);
  return seconds === undefined ? null : Number(seconds) * 1_000;
}
