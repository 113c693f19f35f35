import type { AuditCategory } from '../audit/audit-record.js';
import type { TopicName } from '../signal/topics.js';

/** Strings, booleans, null, safe integers, and lists and objects of them. Never a secret. */
export type EventBody = Readonly<Record<string, unknown>>;

export interface EventOptions {
  /** What happened, in the past tense, kebab-case: `node-cordoned`. Stored; never renamed. */
  readonly name: string;
  /** The kind of thing that it happened to: `node`. Its id is the event's. */
  readonly subject: string;
  /** Where the audit trail keeps it; without one it is not kept there. */
  readonly audit?: AuditCategory;
  /** After the commit, processes that wait for this topic look again: with the subject's id. */
  readonly hint?: TopicName;
  /** Consumers of the outbox get it, in order for each subject, whose id must be a UUID. */
  readonly delivered?: true;
  /** Somebody above must act on it, in the transaction or after it: without one no process starts. */
  readonly mustBeHeard?: true;
}

/** What of something is another afterwards. */
export interface Change {
  /** Null: it was not there. */
  readonly before: Readonly<Record<string, unknown>> | null;
  /** Null: it is gone. */
  readonly after: Readonly<Record<string, unknown>> | null;
}

export interface Event<Body extends EventBody = EventBody> {
  readonly type: EventType<Body>;
  readonly subjectId: string;
  readonly body: Body;
  readonly result: EventResult;
  /** Of the audit entry alone: see `changing`. */
  readonly change?: Change;
}

/** Whether it was done. What was refused, or tried in vain, is recorded too. */
export type EventResult = 'allowed' | 'denied' | 'failed';

/** A kind of event; called, it makes one. */
export interface EventType<Body extends EventBody = EventBody> extends Omit<EventOptions, 'name'> {
  (subjectId: string, body: Body, result?: EventResult): Event<Body>;
  readonly eventName: string;
}

/** What events of a type say. */
export type EventBodyOf<Type> = Type extends EventType<infer Body> ? Body : never;

const all = new Map<string, EventType>();

/**
 * Declares what can happen to a noun, once, in its `<noun>.events.ts`. `open.record(nodeCordoned(id,
 * body))` then does all that belongs to it: audit entry, listeners, delivery, hint.
 *
 * Throws for a second type of that name.
 */
export function eventType<Body extends EventBody = Record<never, never>>(
  options: EventOptions,
): EventType<Body> {
  const { name: eventName, ...rest } = options;
  if (all.has(eventName)) throw new Error(`there are two types of event named "${eventName}"`);
  const make = (subjectId: string, body: Body, result: EventResult = 'allowed'): Event<Body> => ({
    type,
    subjectId,
    body,
    result,
  });
  const type: EventType<Body> = Object.assign(make, { eventName, ...rest });
  all.set(eventName, type as unknown as EventType);
  return type;
}

/** All that the loaded modules have declared. */
export function declaredEvents(): readonly EventType[] {
  return [...all.values()];
}
