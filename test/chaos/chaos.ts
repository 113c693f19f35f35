/** One run: faults for a while, then calm, then what was promised and what was done is compared. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Dice } from '../simulation/dice.js';
import { freePort } from '../support/free-port.js';
import type { Client } from '../support/client.js';
import { setOnConflict } from '../support/environment-rules.js';
import { countFaults, liftQuota, liftRate, limitTenant, overshoot, rushes } from './allowances.js';
import { deploymentsOf, faultsOf, isOver, leaseFaults, unsettled } from './checker.js';
import { evidence } from './evidence.js';
import { drawFault, victimOf } from './faults.js';
import { leftAlone } from './left-alone.js';
import { Load } from './load.js';
import { attend } from './operator.js';
import { SmallService } from './service.js';
import { askNobody, askPeople, decisionFaults, People } from './people.js';
import { World } from './world.js';

/** Within which everything that was accepted is over, once nothing goes wrong any more. */
const CALM_MS = 60_000;
const MINUTE_MS = 60_000;
const CLUSTERS = ['east', 'west'];
/** What newer deployments do: mostly wait for their turn. One rule for a whole run. */
const RULES = ['queue', 'queue', 'supersede'] as const;
const SIZE = { apis: 2, workers: 3, nodes: 8, clusters: CLUSTERS };

export interface ChaosOptions {
  readonly seconds: number;
  readonly seed: number;
  /** 1: the tenant has quotas, and rate limits refuse. */
  readonly limits: number;
  /** 1: people approve, freeze and turn the kill switch. */
  readonly people: number;
}

export interface ChaosReport {
  readonly violations: readonly string[];
  /** Which fault came when, and what the nodes that violations name have written down. */
  readonly evidence: readonly string[];
  readonly faults: ReadonlyMap<string, number>;
  readonly deployments: number;
  readonly statuses: ReadonlyMap<string, number>;
  readonly load: Load;
  /** Null: nobody was asked. */
  readonly people: People | null;
  /** After the last fault. */
  readonly overAfterMs: number;
  /** Where everybody's log is; kept when there are violations. */
  readonly home: string;
}

export async function chaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seconds, seed } = options;
  const isLimited = options.limits > 0;
  const world = await World.start({ ...SIZE, isLimited });
  let violations: string[] = ['the run broke off'];
  try {
    const run = new Run(world, isLimited, new Dice(seed), new Dice(seed + 1));
    const report = await run.live(seconds, options.people > 0);
    violations = [...report.violations];
    return report;
  } finally {
    await world.stop(violations.length > 0);
  }
}

class Run {
  private readonly faults = new Map<string, number>();
  private readonly story: string[] = [];
  private readonly violations: string[] = [];

  constructor(
    private readonly world: World,
    private readonly isLimited: boolean,
    private readonly dice: Dice,
    /** Of its own: how many deployments there are depends on how fast the machine is. */
    private readonly loadDice: Dice,
  ) {}

  async live(seconds: number, isDecided: boolean): Promise<ChaosReport> {
    const { world } = this;
    const client = await world.client();
    const services = await this.services();
    for (const service of services) {
      await service.pushAll(client);
      await service.push(client, SmallService.badVersion);
    }
    if (this.isLimited) await limitTenant(await world.operator());
    const { urls } = world;
    const rule = this.loadDice.pick(RULES);
    await setOnConflict(client, 'QA', rule);
    this.story.push(`newer deployments: ${rule}`);
    const countOpen = async () =>
      (await deploymentsOf(world)).filter((each) => !isOver(each)).length;
    const load = new Load(
      { urls, token: client.token, services, clusters: CLUSTERS, countOpen },
      this.loadDice,
    );
    const people = isDecided ? await this.hire(client) : null;
    const loading = load.run();
    const deciding = people?.run();
    const half = this.isLimited ? this.liftRate(seconds * 500) : null;
    await this.breakThings(performance.now() + seconds * 1000);
    await world.ready();
    await people?.calm();
    const calmSince = performance.now();
    await Promise.all([loading, load.stop()]);
    await this.allOver(calmSince);
    const overAfterMs = Math.round(performance.now() - calmSince);
    await this.allSettled(calmSince);
    if (half) await this.checkLimits(await half);
    if (people) {
      people.stop();
      await deciding;
      this.violations.push(...(await decisionFaults(world, people)));
      await askNobody(await world.client());
    }
    // A new one: each look signs in, and a person's oldest session ends when there are fifty newer ones.
    const alone = {
      client: await world.client(),
      services,
      clusters: CLUSTERS,
      patienceMs: CALM_MS,
    };
    this.violations.push(...(await leftAlone(world, alone)));
    await this.allSettled(performance.now());
    this.violations.push(...(await faultsOf(world, await world.client())));
    if (this.isLimited) this.violations.push(...(await countFaults(world)));
    const deployments = await deploymentsOf(world);
    this.violations.push(...promisesBroken(load, deployments), ...load.wronglyRefused);
    await writeFile(join(world.home, 'logs', 'story.log'), this.story.join('\n'));
    return {
      evidence: [...this.story, ...(await evidence(world, this.violations))],
      violations: this.violations,
      faults: this.faults,
      load,
      people,
      overAfterMs,
      deployments: deployments.length,
      home: world.home,
      statuses: countOf(deployments.map(({ status }) => status)),
    };
  }

  private async hire(admin: Client): Promise<People> {
    await askPeople(this.world, admin);
    return People.hire(this.world, new Dice(this.loadDice.between(1, 1_000_000)));
  }

  private async liftRate(afterMs: number): Promise<number> {
    await pause(Math.min(afterMs, MINUTE_MS));
    for (;;) {
      const since = await this.world
        .operator()
        .then(liftRate)
        .catch(() => null);
      if (since !== null) return since;
      await pause(200);
    }
  }

  private async checkLimits(rateLiftedAt: number): Promise<void> {
    const { world } = this;
    this.violations.push(...(await countFaults(world)), ...(await overshoot(world)));
    this.violations.push(...(await rushes(world, SIZE.apis, rateLiftedAt)));
    await liftQuota(await world.operator());
  }

  private async services(): Promise<SmallService[]> {
    const folder = this.world.effectsFolder;
    const port = await freePort(this.world.portOffsets);
    const job = new SmallService(folder, { name: SmallService.alone });
    return [job, new SmallService(folder, { name: 'web', port })];
  }

  private async breakThings(until: number): Promise<void> {
    const { dice, world } = this;
    const open = new Map<string, Promise<void>>();
    while (performance.now() < until) {
      await pause(dice.between(400, 1_900));
      const kind = drawFault(dice, new Set(open.keys()));
      const { name, inject } = kind;
      this.faults.set(name, (this.faults.get(name) ?? 0) + 1);
      const since = new Date().toISOString();
      const healed = inject(world, dice)
        .catch((error: unknown) => String(error))
        .then((whom) => void this.story.push(`${since} ${name}: ${whom}`))
        .finally(() => open.delete(victimOf(kind)));
      open.set(victimOf(kind), healed);
      // Not more than two at once: a cluster that is never well proves nothing.
      if (open.size >= 2) await Promise.race(open.values());
    }
    await Promise.all(open.values());
    await world.arm('');
    this.story.push(`${new Date().toISOString()} calm`);
  }

  private async allOver(since: number): Promise<void> {
    for (;;) {
      const open = (await deploymentsOf(this.world)).filter((each) => !isOver(each));
      if (open.length === 0) return;
      this.violations.push(...(await this.staleLeases(since)));
      if (performance.now() - since > CALM_MS) {
        this.violations.push(`I1 not over ${CALM_MS / 1000} s after the last fault:`);
        this.violations.push(...(await this.whatHolds()));
        return;
      }
      // An API may still be on its way back.
      await this.attend().catch(() => undefined);
      await pause(200);
    }
  }

  private async whatHolds(): Promise<string[]> {
    const rows = await this.world.rows<{ id: string; status: string; why: string | null }>(
      `select d.id, d.status, r.waiting_on->>'detail' as why from deployments d
       join runs r on r.id = d.id where r.wake_at is not null order by d.id`,
    );
    return rows.map(({ id, status, why }) => `deployment ${id} is ${status}: ${why ?? 'at work'}`);
  }

  /** A killed worker's leases are another's after a while: of calm, when all are back. */
  private async staleLeases(since: number): Promise<string[]> {
    return performance.now() - since > 15_000 ? leaseFaults(this.world) : [];
  }

  private async attend(): Promise<void> {
    await attend(this.world, await this.world.client());
  }

  private async allSettled(since: number): Promise<void> {
    for (;;) {
      const open = await unsettled(this.world);
      if (open.length === 0) return;
      if (performance.now() - since > 2 * CALM_MS) return void this.violations.push(...open);
      await pause(200);
    }
  }
}

/** What was acknowledged is there, under the id that was said. */
function promisesBroken(
  { acknowledged }: Load,
  deployments: readonly { id: string; key: string | null }[],
): string[] {
  const made = new Map(deployments.map(({ key, id }) => [key, id]));
  return [...acknowledged]
    .filter(([key, id]) => made.get(key) !== id)
    .map(
      ([key, id]) => `I1 ${key} was promised deployment ${id}, there is ${made.get(key) ?? 'none'}`,
    );
}

function countOf(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
