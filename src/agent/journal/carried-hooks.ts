import type { DesiredModule } from '../protocol/protocol.js';
import type { UnendedHooks } from './unended-hooks.js';

export type HookPhase = 'started' | 'done' | 'failed';

/**
 * Which hooks of the generation before a new one need not run again. A hook belongs to its
 * generation, so the answer is none; unless a crash has cut one off and a person has said what
 * became of it. The answer names its generation: for any other it means nothing. What
 * was cut off may have been so in an even earlier one.
 */
export function carriedHooks(
  hooks: Readonly<Record<string, HookPhase>>,
  unended: UnendedHooks = {},
  module: DesiredModule,
  before: number,
): Record<string, HookPhase> {
  const carried: Record<string, HookPhase> = {};
  for (const { releaseId, hookAnswer } of module.releases) {
    if (hookAnswer?.generation !== before) continue;
    const isAnsweredDone = hookAnswer.outcome === 'done';
    const count = (hook: string) => (carried[`${module.generation}/${releaseId}/${hook}`] = 'done');
    const prefix = `${before}/${releaseId}/`;
    for (const [key, phase] of Object.entries(hooks)) {
      const isDone = phase === 'done' || (phase === 'started' && isAnsweredDone);
      if (isDone && key.startsWith(prefix)) count(key.slice(prefix.length));
    }
    for (const one of isAnsweredDone ? Object.values(unended) : []) {
      if (one.releaseId === releaseId && !one.isRepeatable) count(one.hook);
    }
  }
  return carried;
}
