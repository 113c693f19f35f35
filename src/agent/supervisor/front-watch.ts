import type { Logger } from 'pino';
import { type Clock, systemClock } from '../../kernel/clock.js';
import { DomainError, messageOf } from '../../kernel/errors.js';
import { printable } from '../../kernel/text.js';
import type { Reason } from '../journal/journal.js';
import { Backoff } from '../transport/backoff.js';
import type { PortHolder } from './port-holder.js';
import type { FailedRoutes, Routing } from './routing.js';

const LOOK_MS = 1000;
/** A front that takes longer serves nobody either. */
const PATIENCE_MS = 5000;
const FIRST_RETRY_MS = 1000;
/** Opening a port costs next to nothing, and whoever has freed it waits for this. */
const MOST_RETRY_MS = 10_000;
/** Shorter than this it is a hiccup, which need not undo a deployment. */
const FAILED_AFTER_MS = 5000;
const AWAY = 'away';

export interface RouteTrouble {
  readonly state: 'failed' | 'converging';
  readonly reason: Reason;
}

/**
 * The front is a process of its own: it may come back without its table or with an old one, and a
 * port may be taken when it should be opened. This looks whether it does what it was told, tells it
 * again when not, ever more slowly as long as that does not help, and says which modules nobody
 * serves meanwhile.
 */
export class FrontWatch {
  private reasons = new Map<string, Reason>();
  /** Since when a module is not served; a reason that becomes another one does not begin anew. */
  private since = new Map<string, number>();
  private readonly backoff = new Backoff(FIRST_RETRY_MS, MOST_RETRY_MS);
  private readonly clock: Clock;
  private looking: Promise<Map<string, Reason>> | undefined;
  private shown = '[]';
  /** What was wrong when it was last tried to mend it. */
  private tried = '';
  private retryAt = 0;
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;

  constructor(
    private readonly parts: {
      routing: Routing;
      portHolder: Pick<PortHolder, 'nameOf'>;
      log: Logger;
      /** Something that a report would show has changed. */
      onChange: () => void;
      clock?: Clock;
    },
  ) {
    this.clock = parts.clock ?? systemClock;
  }

  /** Puts the table in force, and sees to it from then on. A front that is away is no error. */
  async start(): Promise<void> {
    await this.look();
    if (this.isStopped) return;
    this.timer = setTimeout(() => void this.start(), LOOK_MS);
    this.timer.unref();
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  /** Why the module's port is not served; null when it is. */
  trouble(moduleId: string): RouteTrouble | null {
    const reason = this.reasons.get(moduleId);
    if (!reason) return null;
    const lastsMs = this.clock.monotonic() - (this.since.get(moduleId) ?? 0);
    return { state: lastsMs >= FAILED_AFTER_MS ? 'failed' : 'converging', reason };
  }

  /** One look; while one takes longer, the next ones wait for the same. */
  async look(): Promise<void> {
    this.looking ??= this.lookNow().finally(() => (this.looking = undefined));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Map<string, Reason>>((resolve) => {
      const silence = 'The front does not answer; see front.log in the folder of the agent.';
      timer = setTimeout(() => resolve(this.everywhere('front-unreachable', silence)), PATIENCE_MS);
    });
    this.note(await Promise.race([this.looking, late]));
    clearTimeout(timer);
  }

  private async lookNow(): Promise<Map<string, Reason>> {
    const { routing, log } = this.parts;
    if (this.tried === AWAY && this.clock.monotonic() < this.retryAt) return this.reasons;
    let wrong = AWAY;
    try {
      const { isInForce, closed } = await routing.look();
      wrong = isInForce ? closed.join() : 'table';
      if (wrong === '') {
        this.tried = '';
        return new Map();
      }
      if (!this.isDue(wrong)) return this.reasons;
      log.warn({ isInForce, closed }, 'the front does not serve its table; it is told again');
      return this.reasonsOf(await (isInForce ? routing.reopen() : routing.apply()));
    } catch (error) {
      if (wrong === AWAY) this.isDue(wrong);
      log.error({ reason: messageOf(error) }, 'the front cannot be told its table');
      const code = error instanceof DomainError ? error.code : 'front-unreachable';
      return this.everywhere(code, messageOf(error));
    }
  }

  /** What is newly wrong is mended at once. */
  private isDue(wrong: string): boolean {
    const now = this.clock.monotonic();
    if (wrong !== this.tried) this.backoff.reset();
    else if (now < this.retryAt) return false;
    this.tried = wrong;
    this.retryAt = now + this.backoff.nextMs();
    return true;
  }

  private everywhere(code: string, message: string): Map<string, Reason> {
    const reason = { code, message: printable(message).slice(0, 2000) };
    return new Map(this.parts.routing.moduleIds().map((moduleId) => [moduleId, reason]));
  }

  private note(reasons: Map<string, Reason>): void {
    const now = this.clock.monotonic();
    this.reasons = reasons;
    this.since = new Map([...reasons.keys()].map((id) => [id, this.since.get(id) ?? now]));
    const shown = JSON.stringify([...reasons.keys()].map((id) => [id, this.trouble(id)]));
    const isNew = shown !== this.shown;
    this.shown = shown;
    if (isNew) this.parts.onChange();
  }

  private reasonsOf(failed: FailedRoutes): Map<string, Reason> {
    return new Map(
      failed.map(({ moduleId, port, code }) => {
        const why =
          code === 'port-in-use'
            ? `is used by ${this.parts.portHolder.nameOf(port, moduleId)}`
            : 'cannot be opened';
        const message = `Port ${port} ${why} on this node, so nobody serves the module; it is tried again.`;
        return [moduleId, { code, message: printable(message) }];
      }),
    );
  }
}
