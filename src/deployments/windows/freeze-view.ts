/** A freeze as people see it, at a moment. */
import { frozenAt, frozenWithin } from './freeze-times.js';
import type { FreezeEntity } from './freeze.entity.js';
import type { FreezeView } from './freezes.dto.js';
import type { Window } from './recurrence.js';

const YEAR_MS = 366 * 86_400_000;

export function freezeView(freeze: FreezeEntity, at: number): FreezeView {
  const current = frozenAt(freeze, at);
  const after = current?.to ?? at;
  const next = frozenWithin(freeze, after, after + YEAR_MS).find(({ from }) => from > after);
  return {
    id: freeze.id,
    name: freeze.name,
    reason: freeze.reason,
    environments: freeze.environments,
    modules: freeze.modules,
    labels: freeze.labels,
    verbs: freeze.verbs,
    window: windowOf(freeze),
    current: current && spanOf(current),
    next: next ? spanOf(next) : null,
    createdBy: freeze.createdBy,
    version: freeze.version,
    createdAt: freeze.createdAt.toISOString(),
    changedAt: freeze.changedAt.toISOString(),
  };
}

function windowOf(freeze: FreezeEntity): FreezeView['window'] {
  const { kind, startsAt, endsAt, rule, localStart: start, duration, timeZone } = freeze;
  if (kind === 'recurring') return { kind, rule, start, duration, timeZone };
  return { kind, from: startsAt.toISOString(), to: endsAt!.toISOString() };
}

const spanOf = ({ from, to }: Window) => ({
  from: new Date(from).toISOString(),
  to: new Date(to).toISOString(),
});
