import { errorEntry } from '../../../kernel/error-entry.js';

export const erasureNotFound = errorEntry({
  code: 'erasure-not-found',
  kind: 'not-found',
  meaning:
    'There is no such request to erase a person. GET /api/v1/audit-logs/erasures lists them.',
});

export const erasurePersonUnknown = errorEntry({
  code: 'erasure-person-unknown',
  kind: 'not-found',
  meaning: 'The audit log knows nobody with this id. `actor.id` of a person’s entries is theirs.',
});

export const erasurePersonIsMember = errorEntry({
  code: 'erasure-person-is-member',
  kind: 'conflict',
  meaning:
    'They are a member of the tenant, and would be named again by the next entry. Remove them first (`DELETE /api/v1/users/{id}`, or at their directory), then ask again.',
});

export const erasureNeedsPerson = errorEntry({
  code: 'erasure-needs-person',
  kind: 'forbidden',
  meaning:
    'People of this tenant, signed in as themselves, decide who is erased: no access key, and no platform admin who acts in it.',
});

export const erasureOfOneself = errorEntry({
  code: 'erasure-of-oneself',
  kind: 'forbidden',
  meaning: 'Nobody erases themselves. Two others ask for it and agree.',
});

export const erasureNeedsSecondPerson = errorEntry({
  code: 'erasure-needs-second-person',
  kind: 'forbidden',
  meaning: 'You have asked for it yourself. Somebody else with `audit:erase` confirms it.',
});

export const erasureExists = errorEntry({
  code: 'erasure-exists',
  kind: 'conflict',
  meaning: 'There is a request for this person already. Confirm or withdraw that one.',
  tell: (id: string) => ({ details: { id } }),
});

export const erasureLimit = errorEntry({
  code: 'erasure-limit',
  kind: 'conflict',
  meaning: 'Too many requests are open. Confirm or withdraw some, or let them expire.',
});

export const erasureNotOpen = errorEntry({
  code: 'erasure-not-open',
  kind: 'conflict',
  meaning:
    'It has been decided, or has expired after seven days. If it is still wanted, ask again.',
  tell: (status: string) => ({ details: { status } }),
});

export const erasureReasonNamesPerson = errorEntry({
  code: 'erasure-reason-names-person',
  kind: 'invalid',
  meaning:
    'The reason would keep what is to be erased: it has the person’s name or address in it. Name a ticket instead.',
});
