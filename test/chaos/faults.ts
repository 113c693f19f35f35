/** Every kind of fault of a run of chaos. Each heals what it has broken before it answers. */
import { setTimeout as pause } from 'node:timers/promises';
import { LEASE_MS } from '../../src/engine/lease-keeper.js';
import { commitNames, failpoints } from '../../src/kernel/failpoint.js';
import type { Dice } from '../simulation/dice.js';
import type { OwnRedis } from './own-redis.js';
import type { Supervised } from './supervised.js';
import type { World } from './world.js';

export interface FaultKind {
  readonly name: string;
  /** How often it is drawn, compared with the others. */
  readonly weight: number;
  /** Answers whom it has hit, for who reads afterwards what happened. */
  readonly inject: (world: World, dice: Dice) => Promise<string>;
}

const fault = (name: string, weight: number, inject: FaultKind['inject']): FaultKind => ({
  name,
  weight,
  inject,
});

/** Longer than a lease, so that somebody else takes over. */
const frozenMs = (dice: Dice) => LEASE_MS + dice.between(500, 4_000);

export const faultKinds: readonly FaultKind[] = [
  fault('api-killed', 3, async ({ apis }, dice) => kill(dice.pick(apis))),
  fault('worker-killed', 4, async ({ workers }, dice) => kill(dice.pick(workers))),
  fault('worker-all-killed', 1, async ({ workers }) => workers.map(kill).join()),
  fault('agent-killed', 4, async ({ nodes }, dice) => kill(dice.pick(nodes).agent)),
  fault('api-frozen', 1, async ({ apis }, dice) =>
    freeze(dice.pick(apis), dice.between(500, 3_000)),
  ),
  fault('worker-frozen-beyond-its-lease', 3, async ({ workers }, dice) =>
    freeze(dice.pick(workers), frozenMs(dice)),
  ),
  fault('agent-frozen', 2, async ({ nodes }, dice) =>
    freeze(dice.pick(nodes).agent, dice.between(500, 6_000)),
  ),
  fault('redis-flushed', 3, async ({ redis }) => {
    await redis.flush();
    return redis.name;
  }),
  fault('redis-killed', 2, async ({ redis }, dice) => {
    const awayMs = dice.between(0, 4_000);
    await redis.kill();
    await pause(awayMs);
    await redis.start();
    return `${redis.name} for ${awayMs} ms`;
  }),
  fault('redis-frozen', 1, async ({ redis }, dice) => freeze(redis, dice.between(1_000, 6_000))),
  fault('postgres-restarted-at-once', 2, async ({ postgres }) => {
    await postgres.crash();
    return 'postgres';
  }),
  fault('postgres-cut-off-one-process', 3, async ({ proxies }, dice) => {
    const proxy = dice.pick(proxies);
    const ms = dice.between(100, 6_000);
    proxy.cut();
    await pause(ms);
    proxy.mend();
    return `proxy ${proxies.indexOf(proxy)} for ${ms} ms`;
  }),
  fault('postgres-silent-to-one-process', 2, async ({ proxies }, dice) => {
    const proxy = dice.pick(proxies);
    const ms = dice.between(1_000, 8_000);
    proxy.silence();
    await pause(ms);
    proxy.mend();
    return `proxy ${proxies.indexOf(proxy)} for ${ms} ms`;
  }),
  fault('postgres-commit-reply-swallowed', 4, async ({ proxies }, dice) => {
    const chosen = proxies.filter(() => dice.chance(0.5));
    for (const proxy of chosen) proxy.swallowCommit();
    await pause(500);
    for (const proxy of proxies) proxy.mend();
    return `proxies ${chosen.map((proxy) => proxies.indexOf(proxy)).join()}`;
  }),
  fault('failpoint-kill', 5, (world, dice) => atFailpoint(world, dice, 'kill')),
  fault('failpoint-failure', 2, (world, dice) =>
    atFailpoint(world, dice, dice.pick(['error', 'lost', 'conflict'])),
  ),
  fault('failpoint-conflict-storm', 2, (world, dice) =>
    conflictStorm(world, dice.between(1_000, 6_000)),
  ),
  fault('failpoint-delay', 1, (world, dice) =>
    atFailpoint(world, dice, `delay:${dice.between(100, 5_000)}`),
  ),
];

/** One transaction in ten of every process, retries among them. */
async function conflictStorm(world: World, ms: number): Promise<string> {
  const text = 'database.commit:before=conflict@10%';
  await world.arm(text);
  await pause(ms);
  await world.arm('');
  return `${text} for ${ms} ms`;
}

function kill(one: Supervised): string {
  one.kill();
  return one.name;
}

async function freeze(one: Supervised | OwnRedis, ms: number): Promise<string> {
  one.freeze();
  await pause(ms);
  one.thaw();
  return `${one.name} for ${ms} ms`;
}

async function atFailpoint(world: World, dice: Dice, action: string): Promise<string> {
  const at = dice.pick(failpoints);
  const about = at.startsWith('database.') ? `/${dice.pick(commitNames)}` : '';
  const text = `${at}${about}=${action}@${dice.between(1, 3)}`;
  await world.arm(text);
  await pause(2_000);
  await world.arm('');
  return text;
}

/** What a fault breaks: the first word of its name. */
export const victimOf = ({ name }: FaultKind) => name.split('-')[0]!;

/** One whose victim is well. */
export function drawFault(dice: Dice, busy: ReadonlySet<string>): FaultKind {
  const kinds = faultKinds.filter((kind) => !busy.has(victimOf(kind)));
  const drawn = kinds.flatMap((kind) => Array.from({ length: kind.weight }, () => kind));
  return dice.pick(drawn);
}
