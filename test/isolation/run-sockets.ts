/** Each message of the hub with A's ids, by all who may open a socket in B. */
import { isDeepStrictEqual } from 'node:util';
import { expect } from '@jest/globals';
import { ModulesContainer } from '@nestjs/core';
import { newId } from '../../src/kernel/ids.js';
import { checkAccess } from '../../src/platform/http/access-check.js';
import { withClient } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { HubClient } from '../support/hub-client.js';
import type { Inhabitant } from './inhabitant.js';
import type { World } from './world.js';

type Body = (deployment: string) => unknown;

/** Each message of the hub by its method, and what it may name. */
const messages: Readonly<Record<string, { readonly message: string; readonly body: Body }>> = {
  subscribe: { message: 'SubscribeToDeployment', body: (deploymentId) => ({ deploymentId }) },
  unsubscribe: { message: 'UnsubscribeFromDeployment', body: (deploymentId) => ({ deploymentId }) },
  subscribeAll: {
    message: 'SubscribeToAllDeployments',
    body: (deployment) => ({ since: null, seen: { [deployment]: 0 } }),
  },
  unsubscribeAll: { message: 'UnsubscribeFromAllDeployments', body: () => ({}) },
};

export interface HeardFaults {
  readonly asked: number;
  readonly faults: readonly string[];
}

/** A sentence for each message of the hub without a case here, and for each case without a message. */
export function unknownMessages({ whole }: World): string[] {
  const sockets = checkAccess(whole.get(ModulesContainer)).filter(
    ({ transport }) => transport === 'socket',
  );
  const there = sockets.map(({ method }) => method);
  const missing = there.filter((method) => !messages[method]);
  const gone = Object.keys(messages).filter((method) => !there.includes(method));
  return [
    ...missing.map((method) => `${method}: add the message to test/isolation/run-sockets.ts`),
    ...gone.map((method) => `${method}: there is no such message any more`),
  ];
}

export async function runSockets(world: World): Promise<HeardFaults> {
  // The node has reported while the routes were asked, and is lost when that took long.
  await withClient(world.whole.database.superuser, (client) =>
    client.query(`update node_presence set last_report_at = clock_timestamp() + interval '1 hour'`),
  );
  const faults: string[] = [];
  const listeners: HubClient[] = [];
  let asked = 0;
  const theirs = world.a.values.deployment!;
  for (const name of [...world.principals.keys()].filter(
    (each) => each !== 'nobody' && each !== 'node',
  )) {
    const client = await clientOf(world, name);
    listeners.push(client);
    for (const { message, body } of Object.values(messages)) {
      const ask = async (id: string) =>
        JSON.stringify(await client.ask(message, body(id))).replaceAll(id, '<sent>');
      const [first, second] = [await ask(theirs), await ask(newId())];
      asked += 2;
      const [told, other] = [first, second].map((each) =>
        each.replaceAll(/"(id|since)":"[^"]+"/g, ''),
      );
      if (!isDeepStrictEqual(told, other))
        faults.push(`${message} as ${name}: ${first}; ${second}`);
      const found = world.traces.in(first);
      if (found.length > 0) faults.push(`${message} as ${name}: holds A's ${found.join(', ')}`);
    }
    await client.ask('SubscribeToAllDeployments', {});
    await client.ask('SubscribeToDeployment', { deploymentId: theirs });
  }
  faults.push(...(await heardOf(world, listeners)));
  for (const { socket } of listeners) socket.disconnect();
  return { asked, faults };
}

/** Something happens in A and then in B: B hears of its own, and of nothing else. */
async function heardOf(world: World, listeners: readonly HubClient[]): Promise<string[]> {
  const mine = world.whole.socket({ token: world.a.token });
  const owner = await new HubClient(mine).connect();
  await owner.ask('SubscribeToAllDeployments', {});
  await deploy(world.a);
  await heard(() => owner.events.length);
  const ours = await deploy(world.b);
  for (const client of listeners) await heard(() => client.of(ours).length);
  mine.disconnect();
  return listeners.flatMap(({ events }) => {
    const found = world.traces.in(JSON.stringify(events));
    return found.length > 0 ? [`a socket of B was told of A's ${found.join(', ')}`] : [];
  });
}

async function deploy(tenant: Inhabitant): Promise<string> {
  const {
    module: moduleName,
    version,
    environment: targetEnvironment,
    clusterName: cluster,
  } = tenant.values;
  const body = { moduleName, version, targetEnvironment, cluster };
  return (await tenant.make('POST', '/deployments', body)).id as string;
}

const heard = (count: () => number) => eventually(() => expect(count()).toBeGreaterThan(0));

async function clientOf(world: World, name: string): Promise<HubClient> {
  const token = await world.principals.get(name)!();
  return new HubClient(world.whole.socket({ token })).connect();
}
