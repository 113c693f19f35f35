import type { TargetHooks } from '../target.js';
import { readCutHooks, writeHookAnswer } from './hook-answers.store.js';
import { nodeTold } from './nodes.events.js';

/** Hooks that agents run beside their releases. */
export const agentHooks: TargetHooks = {
  cut: readCutHooks,

  async answer(open, answer) {
    const told = await writeHookAnswer(open, answer);
    for (const { nodeId } of told) await open.record(nodeTold(nodeId, {}));
    return told.map(({ name }) => name);
  },
};
