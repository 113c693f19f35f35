import { canonicalJson } from '../../kernel/canonical-json.js';
import { digestOfBytes } from '../../kernel/digest.js';
import type { Reason } from '../journal/journal.js';
import type { DesiredModule } from '../protocol/protocol.js';

export type Judgement =
  | { verdict: 'accept'; digest: string }
  | { verdict: 'unchanged' }
  | { verdict: 'refuse'; reason: Reason };

/** Generations order what is wanted of a module; only a higher one changes anything. */
export function judgeModule(
  known: { module: DesiredModule; digest: string } | null,
  next: DesiredModule,
): Judgement {
  const digest = digestOfBytes(Buffer.from(canonicalJson(next)));
  if (!known || next.generation > known.module.generation) return { verdict: 'accept', digest };
  const accepted = known.module.generation;
  if (next.generation < accepted) {
    return {
      verdict: 'refuse',
      reason: {
        code: 'generation-lower',
        message: `Generation ${next.generation} is below ${accepted}, which this node has accepted.`,
      },
    };
  }
  if (digest === known.digest) return { verdict: 'unchanged' };
  return {
    verdict: 'refuse',
    reason: {
      code: 'generation-conflict',
      message: `Generation ${accepted} was accepted with other content; two control planes, or a restored database?`,
    },
  };
}
