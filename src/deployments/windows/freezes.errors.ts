import { errorEntry } from '../../kernel/error-entry.js';
import { changeLimits } from '../../kernel/change-limits.js';
import type { Held } from './start-guards.js';

export const frozen = errorEntry({
  code: 'frozen',
  kind: 'conflict',
  meaning:
    'A freeze names this; `details.until` says how long. Wait, or have somebody override it for the deployment (`POST /deployments/{id}/override-freeze`).',
  tell: ({ detail, until, name }: Held) => ({
    text: `It is ${detail}. Wait for its end, or ask someone who may override freezes.`,
    details: { freeze: name ?? null, until: until === null ? null : new Date(until).toISOString() },
  }),
});

export const freezeNotFound = errorEntry({
  code: 'freeze-not-found',
  kind: 'not-found',
  meaning: 'There is no freeze with this id, or it is not yours.',
  tell: () => 'There is no such freeze. See GET /api/v1/freezes.',
});

export const freezeExists = errorEntry({
  code: 'freeze-exists',
  kind: 'conflict',
  meaning: 'Another freeze of the tenant has this name. Choose another one, or change that one.',
  tell: (name: string) => `There is a freeze named "${name}" already. Choose another name.`,
});

export const freezeLimit = errorEntry({
  code: 'freeze-limit',
  kind: 'conflict',
  meaning: 'The tenant has as many freezes as it may have. Delete those that are over.',
  tell: () =>
    `A tenant has ${changeLimits.freezesPerTenant} freezes at most. Delete those that are over.`,
});

export const freezeTimesUnsuitable = errorEntry({
  code: 'freeze-times-unsuitable',
  kind: 'unprocessable',
  meaning:
    'The times of the freeze are not possible: `details.fields` says what is wrong with which of them.',
  tell: (fields: Readonly<Record<string, string>>) => ({
    text: `The freeze is not possible: ${Object.entries(fields)
      .map(([field, problem]) => `${field}: ${problem}`)
      .join('; ')}.`,
    details: { fields },
  }),
});

export const calendarTooLong = errorEntry({
  code: 'calendar-too-long',
  kind: 'unprocessable',
  meaning: `The span has more than ${changeLimits.calendarWindows} windows, or is longer than ${changeLimits.calendarMs / 86_400_000} days, or ends before it begins. Ask for a shorter one.`,
});
