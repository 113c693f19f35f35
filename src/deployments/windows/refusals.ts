import type { DomainError } from '../../kernel/errors.js';
import { targetHeld } from '../holds/holds.errors.js';
import { killSwitchOn } from '../kill-switch/kill-switch.errors.js';
import { startExpired } from '../schedule/schedule.errors.js';
import { frozen } from './freezes.errors.js';
import type { Held } from './start-guards.js';

/** What a request is answered that cannot wait. */
export function refusalOf(held: Held): DomainError {
  const detail = held.detail.charAt(0).toUpperCase() + held.detail.slice(1);
  switch (held.kind) {
    case 'kill-switch':
      return killSwitchOn(detail);
    case 'hold':
      return targetHeld(detail);
    case 'schedule':
      return startExpired(detail);
    default:
      return frozen(held);
  }
}
