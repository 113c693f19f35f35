/** All servers are killed at once in mid-rollout, and come back to nobody: no person, no verb. */
import { setTimeout as pause } from 'node:timers/promises';
import { deploymentsOf, isOver } from './checker.js';
import { quickGate } from './load.js';
import { postPatiently } from './patient-client.js';
import type { SmallService } from './service.js';
import type { World } from './world.js';

export interface LeftAlone {
  readonly token: string;
  readonly services: readonly SmallService[];
  readonly clusters: readonly string[];
  readonly patienceMs: number;
}

/** Answers what was not over in time, and what was promised and is not there. */
export async function leftAlone(world: World, options: LeftAlone): Promise<string[]> {
  const promised = await Promise.all(
    options.services.flatMap((service) =>
      options.clusters.map((cluster) => begin(world, options, service, cluster)),
    ),
  );
  const since = performance.now();
  for (const each of [...world.apis, ...world.workers]) each.kill();
  await world.ready();
  for (;;) {
    const known = new Map((await deploymentsOf(world)).map((each) => [each.id, each.status]));
    const left = promised.filter((id) => !isOver({ status: known.get(id)! }));
    if (left.length === 0) return [];
    if (performance.now() - since > options.patienceMs) {
      return left.map((id) => `I10 deployment ${id} is ${known.get(id) ?? 'gone'} after a restart`);
    }
    await pause(200);
  }
}

/** Accepted, and on its first nodes or about to be: they take a while to settle. */
async function begin(
  { urls }: World,
  { token, patienceMs }: LeftAlone,
  { name, versions }: SmallService,
  cluster: string,
): Promise<string> {
  const key = `alone-${name}-${cluster}`;
  const body = {
    ...{ moduleName: name, version: versions[0], targetEnvironment: 'QA', cluster },
    ...{ strategy: { kind: 'canary', wavesPercent: [25, 100] }, gate: quickGate },
    ...{ metadata: { key }, allowRolledBack: true },
  };
  const answer = await postPatiently({ urls, token, path: '/deployments', body, key, patienceMs });
  if (answer?.status !== 202) throw new Error(`not accepted: ${JSON.stringify(answer?.body)}`);
  return answer.body.id as string;
}
