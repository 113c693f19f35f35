import type { InstanceRecord } from '../journal/journal.js';
import { printable } from '../../kernel/text.js';
import { messageOf } from '../../kernel/errors.js';
import type { Reason } from '../journal/journal.js';
import { untilHealthy } from './health.js';
import { InstanceProbe } from './instance-probe.js';
import { type ModuleTools, stopInstance } from './module-tools.js';
import { OutputWatch } from './output-watch.js';
import { isExclusive, mayNotMeet, type ReleaseSpec, specOf } from './release-spec.js';
import type { Watched } from './rounds.js';
import {
  countCrash,
  forgetOldCrashes,
  isLooping,
  type SlotHealth,
  unharmed,
} from './slot-health.js';

/** A generation that was overtaken has stopped what serves; the next one may be about to start its own. */
const OVERTAKEN_MS = 5000;
/** Between the end of one and the start of the next: nothing has been said against it. */
const NOT_RUNNING: Reason = { code: 'not-running', message: 'It does not run yet.' };

/**
 * Keeps what serves a module running: restarts what crashed, slower each time, and says so. Also
 * looks whether it still answers; that is reported, and left to the gates and to people.
 */
export class Keeper implements Watched {
  isCalm = false;
  private readonly slots = new Map<string, SlotHealth>();
  private readonly outputs = new OutputWatch();
  private readonly abort = new AbortController();
  private isHeld = false;
  /** From the last look at `isHeld` until the journal knows of the new instance. */
  private readonly launches = new Set<Promise<unknown>>();

  constructor(
    private readonly tools: ModuleTools,
    private readonly moduleId: string,
  ) {}

  start(): void {
    this.tools.rounds.add(this);
  }

  stop(): void {
    this.tools.rounds.remove(this);
    this.abort.abort();
  }

  /** While held it starts nothing. Resolves when what it was about to start is known. */
  async hold(): Promise<void> {
    this.isHeld = true;
    await Promise.allSettled(this.launches);
  }

  unhold(): void {
    this.isHeld = false;
  }

  /** What is wrong with what counts, the worst first; null when all is well. */
  trouble(): { state: 'failed' | 'converging'; reason: Reason } | null {
    const counting = this.serving().filter(({ release }) => !release.isKept);
    const reasons = counting.flatMap(({ slot }) => this.slots.get(slot)?.reason ?? []);
    const worst = reasons.find((one) => one.code !== 'restarting') ?? reasons[0];
    if (!worst) return null;
    return { state: worst.code === 'restarting' ? 'converging' : 'failed', reason: worst };
  }

  /** Why a release that should serve does not, also one that is only kept; null: it does. */
  reasonOf(slot: string): Reason | null {
    const reason = this.slots.get(slot)?.reason;
    if (reason) return reason;
    return this.tools.instances.live(this.moduleId, slot) ? null : NOT_RUNNING;
  }

  /** It has just passed its checks anew: what was wrong with it before is over. */
  forgive(slot: string): void {
    this.slots.delete(slot);
  }

  look(): void {
    if (this.abort.signal.aborted) return;
    const specs = this.serving();
    const slots = new Set(specs.map((spec) => spec.slot));
    for (const slot of this.slots.keys()) if (!slots.has(slot)) this.slots.delete(slot);
    const running = this.tools.instances.all(this.moduleId).map(({ instance }) => instance);
    const isQuiet = this.outputs.look(this.tools.launcher.output(this.moduleId), running);
    const areWell = specs.map((spec) => this.lookAt(spec));
    this.isCalm = isQuiet && areWell.every(Boolean);
    if (!this.isCalm) this.tools.rounds.hurry();
  }

  /** True: nothing is to be done, nothing is in doubt, and its end will be heard of. */
  private lookAt(spec: ReleaseSpec): boolean {
    const health = this.healthOf(spec.slot);
    if (health.isStarting || this.isHeld) return false;
    const { clock, instances } = this.tools;
    const record = instances.target(this.moduleId, spec.slot);
    if (record) health.missingSince = null;
    else if (this.wasStopped(spec, health)) return false;
    const now = clock.monotonic();
    if (record && instances.runs(record)) {
      if (forgetOldCrashes(health, now)) this.tools.onChange();
      const isWell = !spec.manifest.traffic || this.probe(record, spec, health);
      return isWell && instances.isOwn(record);
    }
    this.bringBack(spec, health, record, now);
    return false;
  }

  private bringBack(
    spec: ReleaseSpec,
    health: SlotHealth,
    record: InstanceRecord | undefined,
    now: number,
  ): void {
    if (record && health.settledEnd !== record.instance) {
      if (!this.tools.launcher.ends.hasHeardOf(record.instance)) return;
      this.settleEnd(record, health, now);
      return;
    }
    // Also another process of the same slot, which is on its way out or does not end.
    const isInTheWay = this.tools.instances
      .all(this.moduleId)
      .filter((one) => one.instance !== record?.instance && mayNotMeet(spec, specOf(one.release)))
      .some(
        (one) => (one.identity === null && !one.isRetiring) || !this.tools.instances.isOver(one),
      );
    if (now < health.restartAt || isInTheWay) return;
    health.isStarting = true;
    void this.restart(spec, health, record)
      .catch((error: unknown) => this.tools.log.error({ reason: messageOf(error) }, 'not kept'))
      .finally(() => {
        health.isStarting = false;
        this.tools.onChange();
      });
  }

  private settleEnd(record: InstanceRecord, health: SlotHealth, now: number): void {
    health.settledEnd = record.instance;
    // After a reboot nothing crashed: it is simply not there yet.
    const reason = `${named(record)}: ${this.tools.launcher.lastWords(record)}`;
    this.crashed(health, now, reason, record);
    const { moduleName: module, instance } = record;
    this.tools.log.warn({ module, instance, reason: printable(reason) }, 'crashed');
    this.tools.onChange();
  }

  private crashed(
    health: SlotHealth,
    now: number,
    message: string,
    record: InstanceRecord | undefined,
  ): void {
    const before = health.reason?.code;
    const { code } = countCrash(health, now, message);
    // Its output is sent when it is the first crash, and once more when it has become many.
    if (record && code !== before) this.noteFailure(record, code);
  }

  private noteFailure({ instance, release }: InstanceRecord, code: string): void {
    const { moduleId, tools } = this;
    const generation = tools.journal.module(moduleId).accepted?.module.generation ?? 0;
    tools.failures.note({ moduleId, generation, spec: specOf(release), source: instance, code });
  }

  private async restart(
    spec: ReleaseSpec,
    health: SlotHealth,
    dead: InstanceRecord | undefined,
  ): Promise<void> {
    const { tools, moduleId } = this;
    const name = tools.journal.module(moduleId).accepted?.module.name ?? moduleId;
    let record: InstanceRecord | undefined;
    try {
      const { signal } = this.abort;
      // What the leader has left would hold ports and files of the next one.
      const { stopGraceMs } = spec.manifest;
      if (dead && isExclusive(spec.manifest)) await stopInstance(tools, dead, stopGraceMs);
      const onDelay = (reason: Reason) => (health.reason = reason);
      await tools.releases.install(moduleId, spec.release, { signal, onDelay });
      if (this.isHeld || !this.serving().some(({ slot }) => slot === spec.slot)) return;
      record = await this.launch(name, spec);
      // It was stable once; nobody serves meanwhile.
      await untilHealthy(record, spec.manifest, { signal, launcher: tools.launcher, stableMs: 0 });
      await tools.routing.apply();
      health.failedStarts = 0;
      // What it has left may take its time to end; the new one is looked after meanwhile.
      if (dead) void this.stopped(dead, spec.manifest.stopGraceMs);
      if (!isLooping(health)) health.reason = null;
    } catch (error) {
      // Held: whoever holds it has stopped what was starting.
      if (this.abort.signal.aborted || this.isHeld) return;
      if (record) await this.stopped(record, spec.manifest.stopGraceMs);
      health.failedStarts += 1;
      this.crashed(health, this.tools.clock.monotonic(), messageOf(error), record);
      tools.log.warn({ module: name, reason: messageOf(error) }, 'restart failed');
    }
  }

  /** What cannot be stopped is not forgotten, and is stopped again when it is in the way. */
  private async stopped(record: InstanceRecord, graceMs: number): Promise<void> {
    await stopInstance(this.tools, record, graceMs).catch((error: unknown) => {
      this.tools.log.error({ reason: messageOf(error) }, 'not stopped');
    });
  }

  private launch(name: string, spec: ReleaseSpec): Promise<InstanceRecord> {
    const launch = this.tools.launcher.ensure(this.moduleId, name, spec);
    this.launches.add(launch);
    return launch.finally(() => this.launches.delete(launch));
  }

  /**
   * What is not there because it was stopped to make room for the generation under way (perhaps by
   * an agent that died since) must not run beside the new one. When that generation was overtaken
   * and the next one takes long, a download say, it comes back meanwhile.
   */
  private wasStopped({ manifest }: ReleaseSpec, health: SlotHealth): boolean {
    const { outcome, accepted, madeRoomFor } = this.tools.journal.module(this.moduleId);
    if (outcome !== null) return false;
    if (madeRoomFor === accepted?.module.generation) return true;
    if (!isExclusive(manifest)) return false;
    const now = this.tools.clock.monotonic();
    health.missingSince ??= now;
    return now - health.missingSince < OVERTAKEN_MS;
  }

  private serving(): ReleaseSpec[] {
    return this.tools.journal.module(this.moduleId).serving.releases.map(specOf);
  }

  private probe(record: InstanceRecord, spec: ReleaseSpec, health: SlotHealth): boolean {
    if (health.probe?.record.instance !== record.instance) {
      const { manifest } = spec;
      health.probe = new InstanceProbe(this.tools, record, manifest, (problem) =>
        this.judged(record, health, problem),
      );
    }
    health.probe.look();
    return health.probe.isCalm;
  }

  private judged(record: InstanceRecord, health: SlotHealth, problem: string | null): void {
    const isOver = this.abort.signal.aborted || health.probe?.record.instance !== record.instance;
    if (isOver || !this.tools.instances.runs(record)) return;
    const wasUnhealthy = health.reason?.code === 'unhealthy';
    if (problem !== null) {
      health.reason = { code: 'unhealthy', message: printable(`${named(record)}: ${problem}`) };
    } else if (wasUnhealthy) {
      health.reason = null;
    }
    if (wasUnhealthy !== (problem !== null)) this.tools.onChange();
  }

  private healthOf(slot: string): SlotHealth {
    let health = this.slots.get(slot);
    if (!health) {
      health = unharmed();
      this.slots.set(slot, health);
    }
    return health;
  }
}

function named(record: InstanceRecord): string {
  return `${record.moduleName} ${record.release.version}`;
}
