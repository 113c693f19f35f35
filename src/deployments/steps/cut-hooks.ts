// A crash has cut off a hook that must not run twice. Nobody but a person can know what became of
// it: the rollout stops, and goes on with their answer. It is never guessed.
import type { CutHook, Target } from '../../drivers/targets/target.js';
import { assert } from '../../kernel/assert.js';
import type { NotDone, StepCall } from '../../engine/step-handler.js';
import type { OpenContext } from '../../platform/context.js';
import type { DeploymentSpec } from '../planning/deployment-spec.js';

const LOOK_AGAIN_MS = 2_000;
const NAMED = 5;

/** Hands on the answer that came with `resume`; without one it stops for a person. */
export async function answerHooks(
  open: OpenContext,
  call: StepCall,
  spec: DeploymentSpec,
  { hooks }: Target,
): Promise<NotDone> {
  assert(hooks, 'a target without hooks says that one was cut off');
  const clusterId = spec.cluster.id;
  const about = { clusterId, moduleId: spec.module.id, deploymentId: call.key.id };
  const answer = call.journal.resumedWith;
  const told = answer ? await hooks.answer(open, { ...about, ...answer }) : [];
  if (!answer || told.length === 0) return attention(await hooks.cut(open, about));
  const { outcome, actor, reason } = answer;
  const what = outcome === 'done' ? 'has done its work' : 'is to be run again';
  const message = `${actor} says that the interrupted hook ${what}: ${told.join(', ')}`;
  return {
    outcome: 'wait',
    until: call.now + LOOK_AGAIN_MS,
    // The nodes begin anew, so the time that they have for it does, too.
    restarts: true,
    note: { answered: outcome, nodes: told, by: actor, reason, message },
    waitingOn: {
      kind: 'converge',
      who: 'the nodes',
      verb: null,
      detail: `${told.join(', ')} goes on after an interrupted hook`,
    },
  };
}

function attention(cut: readonly CutHook[]): NotDone {
  const named = cut.slice(0, NAMED).map(({ name, message }) => `node ${name}: ${message}`);
  const more = cut.length > NAMED ? ` And ${cut.length - NAMED} more nodes.` : '';
  return {
    outcome: 'attention',
    reason: `${named.join(' ')}${more} Then resume with the outcome "done" (it has done its work) or "retry" (run it again), or cancel`,
  };
}
