import { eventType } from '../../platform/events/event.js';
import type { FreezeEntity } from './freeze.entity.js';

/** What the audit trail keeps of one: all that says where, when and what. */
export type FreezeBody = {
  readonly name: string;
  readonly reason: string;
  readonly environments: readonly string[];
  readonly modules: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly verbs: readonly string[];
  readonly from: string;
  readonly to: string | null;
  readonly rule: string | null;
  readonly start: string | null;
  readonly duration: string | null;
  readonly timeZone: string | null;
};

const freezeEvent = (name: string) =>
  eventType<FreezeBody>({ name, subject: 'freeze', audit: 'approval', delivered: true });

export const freezeCreated = freezeEvent('freeze-created');
export const freezeChanged = freezeEvent('freeze-changed');
export const freezeRemoved = freezeEvent('freeze-removed');

/** Its subject is the deployment. */
export const freezeOverridden = eventType<{
  readonly module: string;
  readonly environment: string;
  readonly reason: string;
  /** What stands in its way at this moment; none: it was let pass beforehand. */
  readonly freezes: readonly string[];
}>({ name: 'freeze-overridden', subject: 'deployment', audit: 'approval', delivered: true });

export const bodyOf = (freeze: FreezeEntity): FreezeBody => ({
  name: freeze.name,
  reason: freeze.reason,
  environments: freeze.environments,
  modules: freeze.modules,
  labels: freeze.labels,
  verbs: freeze.verbs,
  from: freeze.startsAt.toISOString(),
  to: freeze.endsAt?.toISOString() ?? null,
  rule: freeze.rule,
  start: freeze.localStart,
  duration: freeze.duration,
  timeZone: freeze.timeZone,
});
