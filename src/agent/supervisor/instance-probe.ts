import type { InstanceRecord } from '../journal/journal.js';
import type { Manifest } from '../protocol/manifest.js';
import type { ModuleTools } from './module-tools.js';
import { ProbeRhythm } from './probe-rhythm.js';

export type ProbeTools = Pick<ModuleTools, 'clock' | 'connections' | 'routing'>;

/** Looks whether one instance that serves still answers. */
export class InstanceProbe {
  private readonly rhythm: ProbeRhythm;
  private failures: number;

  constructor(
    private readonly tools: ProbeTools,
    readonly record: InstanceRecord,
    private readonly manifest: Manifest,
    /** What is wrong with it as long as it is unhealthy; null when it has just got well. */
    private readonly onVerdict: (problem: string | null) => void,
  ) {
    this.rhythm = new ProbeRhythm(manifest.health, tools.clock.monotonic());
    this.failures = tools.routing.failures(record.instance);
  }

  /** A second is soon enough for the next look. */
  get isCalm(): boolean {
    return this.rhythm.isWell && !this.rhythm.isYoung(this.tools.clock.monotonic());
  }

  look(): void {
    const { clock, connections, routing } = this.tools;
    const failures = routing.failures(this.record.instance);
    // What clients meet over new connections is looked at in the same way.
    if (failures > this.failures) this.rhythm.suspect();
    this.failures = failures;
    const now = clock.monotonic();
    if (!this.rhythm.isDue(now)) return;
    const { isWell } = this.rhythm;
    this.rhythm.asked(now);
    const asked = connections.probe(this.record, this.manifest, isWell);
    void asked.then((problem) => this.answered(problem));
  }

  private answered(problem: string | null): void {
    const wasUnhealthy = this.rhythm.isUnhealthy;
    this.rhythm.answered(problem === null);
    if (this.rhythm.isUnhealthy) this.onVerdict(problem);
    else if (wasUnhealthy) this.onVerdict(null);
  }
}
