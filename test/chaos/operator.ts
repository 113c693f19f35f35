/** The person on duty: resumes what is paused, and looks at the node when a hook was cut off by a crash. */
import type { Client } from '../support/client.js';
import { effectsIn } from './service.js';
import type { World } from './world.js';

interface Answer {
  readonly status: number;
  readonly body: { readonly code?: string; readonly details?: { readonly nodes: string[] } };
}

export async function attend(world: World, client: Client): Promise<void> {
  const paused = await world.rows<{ id: string }>(
    `select id from deployments where status = 'Paused'`,
  );
  for (const { id } of paused) {
    const { body }: Answer = await client.post(`/deployments/${id}/resume`, {});
    if (body.code !== 'hook-outcome-needed') continue;
    for (const node of body.details?.nodes.slice(0, 1) ?? []) {
      const outcome = (await hasRun(world, id, node)) ? 'done' : 'retry';
      const reason = 'the log of the node says so';
      await client.post(`/deployments/${id}/resume`, { outcome, node, reason });
    }
  }
}

/** By what the hook itself writes down, for the generation that the node was told last. */
async function hasRun(world: World, deploymentId: string, node: string): Promise<boolean> {
  const [told] = await world.rows<{ module: string; generation: number }>(
    `select m.name as module, d.generation from desired_modules d
     join nodes n on n.id = d.node_id join modules m on m.id = d.module_id
     join deployments own on own.module_id = d.module_id
     where own.id = $1 and n.name = $2`,
    [deploymentId, node],
  );
  const { hooks } = await effectsIn(world.effectsFolder, [node]);
  const run = `${node}/${told?.module}/${told?.generation}/`;
  return [...hooks.keys()].some((key) => key.startsWith(run));
}
