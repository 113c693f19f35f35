/** Clients that deploy all the time, each with a key of its own, and now and then ask for a verb. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Dice } from '../simulation/dice.js';
import { isOver } from './checker.js';
import { postPatiently } from './patient-client.js';
import { SmallService } from './service.js';

const EVERY_MS = 500;
/** A backlog says how fast the machine is, not what a fault does. */
const MOST_OPEN = 10;
const PATIENCE_MS = 20_000;

export const quickGate = {
  kind: 'utilization',
  pollIntervalMs: 500,
  minWaitMs: 0,
  maxWaitMs: 5_000,
  consecutiveStableChecks: 1,
  onNoData: 'fail',
};

const strategies = [
  { strategy: { kind: 'direct' } },
  { strategy: { kind: 'direct' } },
  { strategy: { kind: 'canary', wavesPercent: [25, 100] }, gate: quickGate },
  { strategy: { kind: 'rolling', maxUnavailable: 2 }, gate: quickGate },
];

/** Both releases at once on a node, so only for what has traffic. */
const sharing = [
  { strategy: { kind: 'blue-green', keepBlueMs: 500 }, gate: quickGate },
  {
    strategy: { kind: 'canary', wavesPercent: [50, 100], trafficPercent: [30] },
    gate: quickGate,
  },
];

const verbs = ['pause', 'cancel', 'promote'] as const;
const returns = ['rollback', 'retry'] as const;

/** What is promised once, however often it is asked for: a return has no metadata of its own. */
const returnKey = (verb: string, originId: string) => `${verb} of ${originId}`;

export interface LoadOptions {
  readonly urls: readonly string[];
  readonly token: string;
  readonly services: readonly SmallService[];
  readonly clusters: readonly string[];
  /** How many deployments are not over. */
  readonly countOpen: () => Promise<number>;
}

export class Load {
  /** By idempotency key, or what it goes back to: the deployment that was promised. */
  readonly acknowledged = new Map<string, string>();
  readonly refused = new Map<string, number>();
  /** Sentences: what no limit may refuse. */
  readonly wronglyRefused: string[] = [];
  unanswered = 0;
  retries = 0;
  verbs = 0;
  returns = 0;
  private isRunning = true;
  private count = 0;
  private readonly open = new Set<Promise<void>>();
  /** They wait for the end of what they go back from: no part of the backlog. */
  private readonly returning = new Set<Promise<void>>();

  constructor(
    private readonly options: LoadOptions,
    private readonly dice: Dice,
  ) {}

  async run(): Promise<void> {
    while (this.isRunning) {
      await pause(EVERY_MS);
      // A database that is away counts nothing: then the APIs have to say it to the client, too.
      const open = await this.options.countOpen().catch(() => 0);
      if (open + this.open.size >= MOST_OPEN) continue;
      const one: Promise<void> = this.deploy().finally(() => this.open.delete(one));
      this.open.add(one);
    }
  }

  /** No new deployments; waits for the answers of those that were asked for. */
  async stop(): Promise<void> {
    this.isRunning = false;
    await Promise.all(this.open);
    await Promise.all(this.returning);
  }

  private async deploy(): Promise<void> {
    const { dice, options } = this;
    this.count += 1;
    const key = `deploy-${this.count}`;
    const service = dice.pick(options.services);
    const isBad = dice.chance(0.08);
    const verb = dice.chance(0.25) ? dice.pick(verbs) : null;
    const back = dice.chance(0.15) ? dice.pick(returns) : null;
    const verbAfterMs = dice.between(50, 2_500);
    const body = {
      moduleName: service.name,
      version: isBad ? SmallService.badVersion : dice.pick(service.versions),
      targetEnvironment: 'QA',
      cluster: dice.pick(options.clusters),
      metadata: { key },
      allowRolledBack: true,
      ...dice.pick(service.hasTraffic ? [...strategies, ...sharing] : strategies),
    };
    const answer = await this.post('/deployments', body, key);
    if (!answer) return void (this.unanswered += 1);
    this.retries += answer.tries - 1;
    if (answer.status !== 202) {
      const code = String(answer.body.code);
      this.refused.set(code, (this.refused.get(code) ?? 0) + 1);
      return;
    }
    const id = answer.body.id as string;
    this.acknowledged.set(key, id);
    if (verb) await this.ask(id, verb, verbAfterMs);
    if (!back) return;
    const one: Promise<void> = this.goBack(id, back, verbAfterMs);
    this.returning.add(one);
    void one.finally(() => this.returning.delete(one));
  }

  /** Once it is over; whoever may not go back (another one has been there since) has had an answer. */
  private async goBack(id: string, verb: string, everyMs: number): Promise<void> {
    const key = returnKey(verb, id);
    const until = performance.now() + PATIENCE_MS;
    while (this.isRunning && performance.now() < until) {
      await pause(Math.max(500, everyMs));
      const answer = await this.post(`/deployments/${id}/${verb}`, {}, key.replaceAll(' ', '-'));
      if (answer?.status === 202) {
        this.returns += 1;
        this.acknowledged.set(key, answer.body.id as string);
      }
      if (verb === 'rollback' && answer?.body.code === 'quota-exceeded') {
        this.wronglyRefused.push(`quota: the rollback of ${id} was refused`);
      }
      const isTooEarly = answer?.body.code === 'state-not-suitable' && !isOver(answer.body.details);
      if (answer && !isTooEarly) return;
    }
  }

  private async ask(id: string, verb: string, afterMs: number): Promise<void> {
    await pause(afterMs);
    const body = verb === 'promote' ? { reason: 'a test' } : {};
    const answer = await this.post(`/deployments/${id}/${verb}`, body);
    if (answer?.status !== 202) return;
    this.verbs += 1;
    if (verb !== 'pause') return;
    await pause(afterMs);
    await this.post(`/deployments/${id}/resume`, {});
  }

  private post(path: string, body: unknown, key?: string) {
    const { urls, token } = this.options;
    return postPatiently({
      urls,
      token,
      path,
      body,
      patienceMs: PATIENCE_MS,
      ...(key ? { key } : {}),
    });
  }
}
