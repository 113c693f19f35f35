import { Audit } from '../audit/audit.js';
import type { Context, OpenContext, Recorder } from '../context.js';
import type { Signal } from '../signal/signal.js';
import { declaredEvents, type Event, type EventBody, type EventType } from './event.js';

/** Takes an event further, in the transaction in which it happens: the outbox. */
export interface Deliverer {
  deliver(open: OpenContext, event: Event): Promise<void>;
}

type InTransaction<Body extends EventBody> = (
  open: OpenContext,
  event: Event<Body>,
) => Promise<void>;
type AfterCommit<Body extends EventBody> = (
  ctx: Context,
  event: Event<Body>,
) => void | Promise<void>;

/**
 * What happens, told to all whom it concerns, in the transaction in which it happens. Lower floors
 * tell higher ones through it: who listens says so when its module starts. Handed to the database,
 * whose open contexts record with it.
 */
export class Events implements Recorder {
  private readonly during = new Map<EventType, InTransaction<EventBody>[]>();
  private readonly after = new Map<EventType, AfterCommit<EventBody>[]>();

  private deliverer: Deliverer | undefined;

  constructor(
    private readonly signal: Pick<Signal, 'publish'>,
    private readonly audit = new Audit(),
  ) {}

  /** In the same transaction, in the order of listening; what it throws undoes everything. */
  hear<Body extends EventBody>(type: EventType<Body>, listener: InTransaction<Body>): void {
    listen(this.during, type, listener);
  }

  /** After the commit, best effort: a hint. What must be done is done by who also looks by itself. */
  hearAfter<Body extends EventBody>(type: EventType<Body>, listener: AfterCommit<Body>): void {
    listen(this.after, type, listener);
  }

  deliverThrough(deliverer: Deliverer): void {
    this.deliverer = deliverer;
  }

  async record(open: OpenContext, event: Event): Promise<void> {
    const { type, subjectId, body, result, change } = event;
    if (type.audit !== undefined) {
      await this.audit.append(open, {
        category: type.audit,
        action: type.eventName,
        subject: { kind: type.subject, id: subjectId },
        result,
        body: change ? { ...body, ...change } : body,
      });
    }
    for (const listener of this.during.get(type) ?? []) await listener(open, event);
    if (type.delivered) await this.deliverer?.deliver(open, event);
    const { hint } = type;
    if (hint !== undefined) {
      open.tx.afterCommit(() => this.signal.publish(hint, subjectId));
    }
    for (const listener of this.after.get(type) ?? []) {
      open.tx.afterCommit(() => listener(open.closed(), event));
    }
  }

  private isHeard(type: EventType): boolean {
    return this.during.has(type) || this.after.has(type);
  }

  /** Throws when an event that somebody must act on, or be told of, would be heard by nobody. */
  refuseUnheard(): void {
    if (this.deliverer === undefined && declaredEvents().some((type) => type.delivered)) {
      throw new Error('events are to be delivered, and nobody does: the outbox is not loaded');
    }
    const unheard = declaredEvents().filter((type) => type.mustBeHeard && !this.isHeard(type));
    if (unheard.length === 0) return;
    const names = unheard.map(({ eventName }) => eventName).join(', ');
    throw new Error(`nobody listens to what must be heard: ${names}. Which module is not loaded?`);
  }
}

function listen<Body extends EventBody, Listener>(
  listeners: Map<EventType, Listener[]>,
  type: EventType<Body>,
  listener: unknown,
): void {
  const key = type as unknown as EventType;
  listeners.set(key, [...(listeners.get(key) ?? []), listener as Listener]);
}
