import { gunzipSync, gzipSync } from 'node:zlib';
import { limits } from '../../kernel/limits.js';
import type { GateBaselines, GateParams, GateSample, Verdict } from './gate.js';
import { gateOf } from './gates.js';

/** What a verdict was made of: with it the same verdict can be reached again, years later. */
export interface GateEvidence {
  readonly kind: string;
  readonly version: number;
  readonly params: GateParams;
  readonly baselines: GateBaselines;
  readonly samples: readonly GateSample[];
  /** True: the samples were too many to keep; the verdict cannot be replayed from here. */
  readonly truncated?: boolean;
}

/** gzip + base64, at most limits.gateEvidenceBytes. */
export function packEvidence(evidence: GateEvidence): string {
  const packed = gzipSync(JSON.stringify(evidence)).toString('base64');
  if (packed.length <= limits.gateEvidenceBytes) return packed;
  const { samples: _, ...rest } = evidence;
  return gzipSync(JSON.stringify({ ...rest, samples: [], truncated: true })).toString('base64');
}

export function unpackEvidence(text: string): GateEvidence {
  return JSON.parse(gunzipSync(Buffer.from(text, 'base64')).toString('utf8')) as GateEvidence;
}

/** Folds the stored samples again, by the version that folded them. */
export function replay({ kind, version, params, baselines, samples }: GateEvidence): Verdict {
  const gate = gateOf({ kind, version });
  let state = gate.start(baselines, params);
  for (const sample of samples) {
    const result = gate.fold(state, sample, baselines, params);
    if (result.verdict !== 'waiting') return result.verdict;
    // Stored states are JSON: a fold must not depend on anything that JSON loses.
    state = JSON.parse(JSON.stringify(result.state));
  }
  return 'waiting';
}
