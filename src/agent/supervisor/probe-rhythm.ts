import type { Manifest } from '../protocol/manifest.js';

/** A manifest's interval may be meant for the start: nobody is asked more often than that for good. */
const LEAST_STEADY_MS = 1000;
/** What is wrong with a release has mostly shown itself by then. */
const YOUNG_MS = 60_000;
/** One missed answer is a hiccup. */
const MISSES_FOR_UNHEALTHY = 3;
/** Timers come a little early or late; without this an instance would be asked a whole look later. */
const SLACK_MS = 60;

/**
 * When an instance is asked for its health, and what its answers add up to. What has been well for a
 * while is asked rarely; what is young or gives no good answer is asked closely, by its manifest's
 * interval. Three times in turn without one it is unhealthy: at the latest after `calm + 2 × close`,
 * which is as much as three times the steady pace that all were asked at before.
 */
export class ProbeRhythm {
  private askedAt: number;
  private unanswered = 0;
  private missed = 0;
  private isSuspected = false;

  constructor(
    private readonly health: Pick<Manifest['health'], 'intervalMs'>,
    private readonly bornAt: number,
  ) {
    this.askedAt = bornAt;
  }

  get isUnhealthy(): boolean {
    return this.missed >= MISSES_FOR_UNHEALTHY;
  }

  /** As far as is known at the moment. */
  get isWell(): boolean {
    return this.missed === 0 && this.unanswered === 0 && !this.isSuspected;
  }

  isYoung(now: number): boolean {
    return now - this.bornAt < YOUNG_MS;
  }

  isDue(now: number): boolean {
    // So many unanswered ones decide; more would only pile up before an instance that hangs.
    if (this.unanswered >= MISSES_FOR_UNHEALTHY) return false;
    return now >= this.askedAt + this.paceMs(now) - SLACK_MS;
  }

  /** Somebody else has seen it fail. */
  suspect(): void {
    this.isSuspected = true;
  }

  asked(now: number): void {
    this.askedAt = now;
    this.unanswered += 1;
  }

  answered(isGood: boolean): void {
    this.unanswered -= 1;
    this.missed = isGood ? 0 : this.missed + 1;
    if (isGood) this.isSuspected = false;
  }

  private paceMs(now: number): number {
    const { intervalMs } = this.health;
    const steadyMs = Math.max(LEAST_STEADY_MS, intervalMs);
    if (this.isUnhealthy) return steadyMs;
    const closeMs = Math.max(steadyMs / 2, intervalMs);
    if (this.missed > 0 || this.unanswered > 0 || this.isYoung(now)) return closeMs;
    return this.isSuspected ? steadyMs : 3 * steadyMs - 2 * closeMs;
  }
}
