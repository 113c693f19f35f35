import type { Clock } from '../../kernel/clock.js';

/** The Date header counts whole seconds; differences below this say nothing. */
const NOTICEABLE_MS = 1500;

/**
 * The server's time as far as its Date headers tell. Tokens live for a minute, so a node whose
 * clock is wrong would otherwise be locked out for a reason that nobody sees.
 */
export class ServerClock {
  private offsetMs = 0;

  constructor(private readonly clock: Clock) {}

  now(): number {
    return this.clock.now() + this.offsetMs;
  }

  /** True when the offset moved noticeably: worth one more try of a refused request. */
  learn(dateHeader: string | undefined, sentAt: number): boolean {
    const server = dateHeader === undefined ? NaN : Date.parse(dateHeader);
    if (Number.isNaN(server)) return false;
    const measured = server + 500 - (sentAt + this.clock.now()) / 2;
    const offset = Math.abs(measured) < NOTICEABLE_MS ? 0 : measured;
    const hasMoved = Math.abs(offset - this.offsetMs) >= NOTICEABLE_MS;
    if (hasMoved || offset === 0) this.offsetMs = offset;
    return hasMoved;
  }
}
