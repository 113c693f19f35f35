/**
 * All servers are killed at once in mid-rollout, and come back to nobody: no person, no verb. With a
 * release that no node has had: a hook of an earlier one that a crash has cut off, and that nobody was
 * asked about because another deployment took its place, is a person's to answer whenever its release
 * is wanted again.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '../support/client.js';
import { deploymentsOf, isOver } from './checker.js';
import { quickGate } from './load.js';
import { postPatiently } from './patient-client.js';
import { SmallService } from './service.js';
import type { World } from './world.js';

export interface LeftAlone {
  readonly client: Client;
  readonly services: readonly SmallService[];
  readonly clusters: readonly string[];
  readonly patienceMs: number;
}

/** Answers what was not over in time, and what was promised and is not there. */
export async function leftAlone(world: World, options: LeftAlone): Promise<string[]> {
  for (const service of options.services) {
    await service.push(options.client, SmallService.freshVersion);
  }
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
  { client: { token }, patienceMs }: LeftAlone,
  { name }: SmallService,
  cluster: string,
): Promise<string> {
  const key = `alone-${name}-${cluster}`;
  const body = {
    moduleName: name,
    version: SmallService.freshVersion,
    targetEnvironment: 'QA',
    cluster,
    strategy: { kind: 'canary', wavesPercent: [25, 100] },
    gate: quickGate,
    metadata: { key },
    allowRolledBack: true,
  };
  const answer = await postPatiently({ urls, token, path: '/deployments', body, key, patienceMs });
  if (answer?.status !== 202) throw new Error(`not accepted: ${JSON.stringify(answer?.body)}`);
  return answer.body.id as string;
}
