import type { HookName } from '../protocol/manifest.js';
import type { DesiredModule } from '../protocol/protocol.js';

/** What has to be known of a run of a hook, should the agent not see its end. */
export interface HookProcess {
  /** In its environment. No other run has the same, be it of another agent on this machine. */
  readonly runId: string;
  readonly timeoutMs: number;
  readonly isRepeatable: boolean;
}

/**
 * A hook that was started, in whatever generation, and whose end nobody has seen. It may still run:
 * it outlives the agent. It is remembered beyond its generation until it is known to have ended and,
 * unless it may be repeated, until a person has said what became of it.
 */
export interface UnendedHook extends HookProcess {
  readonly generation: number;
  readonly releaseId: string;
  readonly hook: HookName;
}

export type UnendedHooks = Readonly<Record<string, UnendedHook>>;

/** Each is left by a crash of the agent; of so many in one module the oldest is forgotten. */
export const MOST_UNENDED_HOOKS = 20;

/** When a new generation is accepted: a person's answer to the one before is about all until then. */
export function answeredHooks(
  unended: UnendedHooks = {},
  module: DesiredModule,
  before: number,
): UnendedHooks {
  const answered = new Set(
    module.releases
      .filter(({ hookAnswer }) => hookAnswer?.generation === before)
      .map(({ releaseId }) => releaseId),
  );
  return repeatable(unended, ({ releaseId }) => answered.has(releaseId));
}

/** An instance is stopped once: the next stop hook of its release is another one's. */
export function stoppedHooks(unended: UnendedHooks = {}, releaseId: string): UnendedHooks {
  return repeatable(unended, (one) => one.hook === 'stop' && one.releaseId === releaseId);
}

export function withUnended(
  unended: UnendedHooks = {},
  key: string,
  one: UnendedHook,
): UnendedHooks {
  const others = Object.entries(withoutUnended(unended, key)).slice(1 - MOST_UNENDED_HOOKS);
  return { ...Object.fromEntries(others), [key]: one };
}

export function withoutUnended(unended: UnendedHooks = {}, key: string): UnendedHooks {
  const { [key]: _ended, ...others } = unended;
  return others;
}

function repeatable(
  unended: UnendedHooks,
  isRepeatable: (one: UnendedHook) => boolean,
): UnendedHooks {
  const entries = Object.entries(unended).map(
    ([key, one]) => [key, isRepeatable(one) ? { ...one, isRepeatable: true } : one] as const,
  );
  return Object.fromEntries(entries);
}
