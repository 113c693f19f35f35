import { messageOf } from '../../kernel/errors.js';
import type { InstanceRecord, Outcome, Reason } from '../journal/journal.js';
import type { DesiredModule, DesiredRelease, ObservedModule } from '../protocol/protocol.js';
import { converge } from './converge.js';
import { endOf, GenerationEnd } from './generation-end.js';
import { isRunning } from './instances.js';
import { Keeper } from './keeper.js';
import { type ModuleTools, runHook, stopInstance } from './module-tools.js';
import { slotOf, specOf } from './release-spec.js';

/** A hook of a module may need this long to come to its end when the agent is asked to stop. */
const STOP_WAIT_MS = 20_000;
/** A disk that was full may have room again, a process that nothing could end may have ended. */
const RETRY_MS = 5000;

/**
 * One module on this node: at most one convergence at a time, always toward the generation accepted
 * last; a keeper for what serves; and the retirement of every instance that neither needs.
 */
export class ModuleSupervisor {
  private readonly keeper: Keeper;
  private readonly retirements = new Map<string, Promise<void>>();
  private chain: Promise<void> = Promise.resolve();
  private abort = new AbortController();
  private delay: Reason | undefined;
  private refusal: { generation: number; reason: Reason } | undefined;
  private isStopped = false;
  private again: NodeJS.Timeout | undefined;

  constructor(
    private readonly tools: ModuleTools,
    readonly moduleId: string,
  ) {
    this.keeper = new Keeper(tools, moduleId);
  }

  /** Begins to look after what serves. */
  watch(): void {
    this.keeper.start();
  }

  /** Goes on where the journal says that this node was. */
  resume(): void {
    if (this.state.outcome === null) this.pursue();
    else this.tidy();
  }

  /** The journal has a new generation. */
  desired(): void {
    this.refusal = undefined;
    this.pursue();
  }

  refuse(generation: number, reason: Reason): void {
    this.refusal = { generation, reason };
  }

  clearRefusal(): void {
    this.refusal = undefined;
  }

  /** One of its processes has exited. */
  noticeExit(): void {
    this.keeper.look();
  }

  /** Stops supervising; what runs goes on running. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.keeper.stop();
    this.abort.abort();
    const all = Promise.allSettled([this.chain]);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, STOP_WAIT_MS)));
    await Promise.race([all, late]);
    clearTimeout(timer);
  }

  observe(): ObservedModule {
    const { accepted, serving } = this.state;
    const { instances, routing, host } = this.tools;
    const running = serving.releases.flatMap((release) => {
      const live = instances.live(this.moduleId, slotOf(release));
      const { releaseId, configurationId } = release;
      return live ? [{ releaseId, configurationId, instance: live.instance }] : [];
    });
    const traffic = serving.releases.map(specOf).find((one) => one.manifest.traffic);
    const port = traffic?.manifest.traffic?.port;
    const name = host.includes(':') ? `[${host}]` : host;
    const endpoints = port === undefined ? [] : [`http://${name}:${routing.clientPort(port)}`];
    const { generation, state, reason } = this.condition(accepted?.module.generation ?? 0);
    const down = this.down();
    const shown = { moduleId: this.moduleId, generation, state, running, down, endpoints };
    return reason ? { ...shown, reason } : shown;
  }

  /** Of all that should serve, also what is only kept and what a failed generation went back to. */
  private down(): NonNullable<ObservedModule['down']> {
    return this.state.serving.releases.flatMap((release) => {
      const reason = this.keeper.reasonOf(slotOf(release));
      const { releaseId, configurationId } = release;
      return reason ? [{ releaseId, configurationId, ...reason }] : [];
    });
  }

  private condition(accepted: number): Pick<ObservedModule, 'generation' | 'state' | 'reason'> {
    const { outcome } = this.state;
    if (this.refusal) {
      // A refused lower generation is answered with the one in force, so that the server learns it.
      const generation = Math.max(accepted, this.refusal.generation);
      return { generation, state: 'refused', reason: this.refusal.reason };
    }
    if (!outcome) {
      const delay = this.delay ? { reason: this.delay } : {};
      return { generation: accepted, state: 'converging', ...delay };
    }
    const trouble = outcome.state === 'healthy' ? this.trouble() : null;
    if (trouble) return { generation: accepted, ...trouble };
    const reason = outcome.reason ? { reason: outcome.reason } : {};
    return { generation: accepted, state: outcome.state, ...reason };
  }

  /** Of its processes or of its port, the worse one. */
  private trouble() {
    const ofPort = this.tools.frontWatch.trouble(this.moduleId);
    if (ofPort?.state === 'failed') return ofPort;
    return this.keeper.trouble() ?? ofPort;
  }

  private get state() {
    return this.tools.journal.module(this.moduleId);
  }

  private pursue(): void {
    this.abort.abort();
    const abort = new AbortController();
    this.abort = abort;
    this.delay = undefined;
    this.chain = this.chain
      .then(() => this.run(abort.signal))
      .catch((error: unknown) => this.broken(error, abort.signal));
    this.tools.onChange();
  }

  /** Not even the outcome could be written down; nothing else would ask again. */
  private broken(error: unknown, signal: AbortSignal): void {
    this.tools.log.error({ reason: messageOf(error) }, 'the agent cannot work; trying again soon');
    const again = () => {
      if (!this.isStopped && !signal.aborted) this.pursue();
    };
    setTimeout(again, RETRY_MS).unref();
  }

  private async run(signal: AbortSignal): Promise<void> {
    const module = this.state.accepted?.module;
    if (!module || signal.aborted) return;
    const { generation } = module;
    const log = this.tools.log.child({ module: module.name, generation });
    log.info({ releases: module.releases.map((one) => one.version) }, 'converging');
    let outcome: Outcome;
    try {
      outcome = await converge(this.tools, {
        module,
        signal,
        onDelay: (reason) => {
          this.delay = reason;
          this.tools.onChange();
        },
        holdKeeper: () => this.keeper.hold(),
        downBy: (slot) => this.keeper.reasonOf(slot),
        retire: (record) => this.retire(record),
      });
      for (const release of module.releases.filter(({ isKept }) => !isKept)) {
        this.keeper.forgive(slotOf(release));
      }
      log.info({ state: outcome.state }, 'settled');
    } catch (error) {
      if (signal.aborted) return;
      const end = endOf(error);
      const { state, reason } = end;
      outcome = { generation, state, reason };
      this.noteFailure(module, end);
      log.error({ state, reason }, 'the generation did not work');
    } finally {
      this.keeper.unhold();
    }
    // Overtaken at the last moment: the newer generation has yet to be settled.
    if (signal.aborted) return;
    this.tools.journal.settled(this.moduleId, outcome);
    if (outcome.reason) this.routeAnew();
    this.tidy();
    this.keeper.look();
    this.tools.onChange();
  }

  private noteFailure({ moduleId, generation, releases }: DesiredModule, end: GenerationEnd): void {
    const wanted = releases.findLast(({ isKept }) => !isKept);
    if (!wanted || end.state !== 'failed') return;
    const spec = specOf(wanted);
    const { failures, instances } = this.tools;
    const source = end.output ?? instances.target(moduleId, spec.slot)?.instance;
    if (source === undefined) return;
    failures.note({ moduleId, generation, spec, source, code: end.code });
  }

  /** What serves may have been started anew before the generation ended: as another process. */
  private routeAnew(): void {
    if (!this.tools.routing.moduleIds().includes(this.moduleId)) return;
    this.tools.routing.apply().catch((error: unknown) => {
      this.tools.log.warn({ reason: messageOf(error) }, 'not routed again');
    });
  }

  /** Retires what neither serves nor is wanted, and removes what nobody will go back to. */
  private tidy(): void {
    const slots = new Set(this.state.serving.releases.map(slotOf));
    const { instances } = this.tools;
    // A second process of a serving slot was on its way out when an earlier agent died.
    const superfluous = instances
      .all(this.moduleId)
      .filter(
        (one) =>
          !slots.has(one.slot) ||
          instances.target(this.moduleId, one.slot)?.instance !== one.instance,
      );
    const retired = superfluous.map((one) => this.retire(one));
    void Promise.all(retired)
      .then(() => (this.isStopped ? undefined : this.prune()))
      .catch((error: unknown) => {
        this.tools.log.warn({ reason: messageOf(error) }, 'not tidied');
        this.tidyAgain();
      });
  }

  /** What could not be stopped may end later, and nobody would notice. */
  private tidyAgain(): void {
    clearTimeout(this.again);
    this.again = setTimeout(() => {
      if (!this.isStopped && this.state.outcome !== null) this.tidy();
    }, RETRY_MS).unref();
  }

  private async prune(): Promise<void> {
    const { instances, launcher, releases } = this.tools;
    await releases.prune(this.moduleId, () => this.needed());
    const running = instances.all(this.moduleId).map((one) => one.instance);
    launcher.output(this.moduleId).prune(running);
  }

  /** As of now: generations come and go while an old instance takes its time to end. */
  private needed(): readonly DesiredRelease[] {
    const { accepted, outcome, serving, previous } = this.state;
    const wanted = outcome === null ? (accepted?.module.releases ?? []) : [];
    // Those that are on their way out as well: they may read from their folder to the end.
    const running = this.tools.instances.all(this.moduleId).map((one) => one.release);
    return [...wanted, ...serving.releases, ...previous.releases, ...running];
  }

  private retire(record: InstanceRecord): Promise<void> {
    const { instance } = record;
    const known = this.retirements.get(instance);
    if (known) return known;
    const retirement = this.retireNow(record).finally(() => this.retirements.delete(instance));
    this.retirements.set(instance, retirement);
    return retirement;
  }

  private async retireNow(record: InstanceRecord): Promise<void> {
    this.tools.instances.markRetiring(record.instance);
    const spec = specOf(record.release);
    const log = this.tools.log.child({ module: record.moduleName, instance: record.instance });
    if (spec.manifest.traffic && isRunning(record)) {
      await this.tools.routing
        .drain(record.instance, spec.manifest.drainMs)
        .catch((error: unknown) => log.warn({ reason: messageOf(error) }, 'not drained'));
    }
    const { moduleId, moduleName } = record;
    const generation = this.state.accepted?.module.generation ?? 0;
    await runHook(this.tools, { moduleId, moduleName, generation, hook: 'stop', spec }).catch(
      (error: unknown) => this.stopHookFailed(error, generation),
    );
    // An agent told to stop leaves the rest to the next one, which sees the same and goes on.
    if (this.isStopped) return;
    const escaped = await stopInstance(this.tools, record, spec.manifest.stopGraceMs);
    log.info({ version: record.release.version, escaped }, 'stopped');
    this.tools.onChange();
  }

  /** The process is stopped all the same; only not knowing what its hook did is worth a state. */
  private stopHookFailed(error: unknown, generation: number): void {
    this.tools.log.error({ reason: messageOf(error) }, 'the stop hook did not work');
    const isUnknown = error instanceof GenerationEnd && error.state === 'outcome-unknown';
    const { outcome } = this.state;
    if (!isUnknown || outcome?.generation !== generation) return;
    const { state, reason } = error;
    this.tools.journal.settled(this.moduleId, { generation, state, reason });
  }
}
