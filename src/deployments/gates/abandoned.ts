/**
 * Requests whose client left before an answer began. A release that hangs answers nobody, so without
 * them a gate would see only the requests that went well. They are as slow as their client waited, and
 * errors from a limit on. Baselines count them alike: what leaves by design excuses itself.
 */
import { z } from 'zod';
import type { NodeInterval } from '../../drivers/metric-sources/metric-source.js';
import { addSparse, bucketIndex, fromSparse, toSparse } from '../../kernel/histogram.js';
import type { GateParams } from './gate.js';

const DEFAULT_ERROR_MS = 1000;

/** Beyond 16 s the histogram tells no waiting time from another. */
export const abandonedErrorMs = z
  .int()
  .min(100)
  .max(16_000)
  .default(DEFAULT_ERROR_MS)
  .describe('A client that leaves unanswered after this has seen an error.');

/** The same node, with the abandoned requests among its requests, errors and latencies. */
export function withAbandoned(node: NodeInterval, params: GateParams): NodeInterval {
  const { abandoned = [] } = node;
  if (abandoned.length === 0) return node;
  // Frozen parameters of an earlier version do not have it.
  const limitMs = Number(params.abandonedErrorMs ?? DEFAULT_ERROR_MS);
  const firstError = bucketIndex(limitMs * 1000);
  const counts = fromSparse(node.histogram);
  addSparse(counts, abandoned, 1);
  const errors = abandoned.filter(([index]) => index >= firstError);
  return {
    ...node,
    requests: node.requests + total(abandoned),
    errors: node.errors + total(errors),
    histogram: toSparse(counts),
  };
}

export function abandonedBy(nodes: readonly NodeInterval[]): number {
  return nodes.reduce((sum, { abandoned = [] }) => sum + total(abandoned), 0);
}

function total(pairs: readonly (readonly [number, number])[]): number {
  return pairs.reduce((sum, [, count]) => sum + count, 0);
}
