import type { DesiredModule } from '../protocol/protocol.js';

export type HookPhase = 'started' | 'done' | 'failed';

/**
 * Which hooks of the generation before a new one need not run again. A hook belongs to its
 * generation, so the answer is none; unless a crash has cut one off and a person has said what
 * became of it. The answer names its generation: for any other it means nothing.
 */
export function carriedHooks(
  hooks: Readonly<Record<string, HookPhase>>,
  { generation, releases }: DesiredModule,
): Record<string, HookPhase> {
  const carried: Record<string, HookPhase> = {};
  for (const { releaseId, hookAnswer } of releases) {
    if (!hookAnswer) continue;
    const prefix = `${hookAnswer.generation}/${releaseId}/`;
    for (const [key, phase] of Object.entries(hooks)) {
      const isDone = phase === 'done' || (phase === 'started' && hookAnswer.outcome === 'done');
      if (!isDone || !key.startsWith(prefix)) continue;
      carried[`${generation}/${releaseId}/${key.slice(prefix.length)}`] = 'done';
    }
  }
  return carried;
}
