/** How a step asks the guards, and waits for what one of them says. */
import type { NotDone, StepCall } from '../../engine/step-handler.js';
import type { Lane } from '../deployment.states.js';
import type { DeploymentSpec } from '../planning/deployment-spec.js';
import type { Held, StartAsked } from '../windows/start-guards.js';

/** Whoever ends it wakes who waits; these are for the case that it could not. */
const SWITCH_LOOK_AGAIN_MS = 30_000;
const LOOK_AGAIN_MS = 10 * 60_000;

export function startOf(
  { key, now }: StepCall,
  spec: DeploymentSpec,
  lane: Lane = spec.start?.isReturn === true ? 'rollback' : 'normal',
): StartAsked {
  return { spec, deployment: { id: key.id, lane }, verb: 'start', by: null, now };
}

export function heldOutcome({ key, now }: StepCall, held: Held): NotDone {
  const { kind, detail, until, who, verb } = held;
  const again = now + (kind === 'kill-switch' ? SWITCH_LOOK_AGAIN_MS : LOOK_AGAIN_MS);
  return {
    outcome: 'wait',
    isHeld: true,
    until: until === null ? again + spreadOf(key.id) : Math.min(until, again),
    ...(until === null ? {} : { deadline: until }),
    waitingOn: { kind, detail, who, verb },
  };
}

/** The last digits of an id are random: who began to wait together does not look together. */
const spreadOf = (id: string) =>
  (Number.parseInt(id.slice(-4), 16) / 0xffff) * SWITCH_LOOK_AGAIN_MS;
