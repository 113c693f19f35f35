import { auditLimits } from '../../../kernel/audit-limits.js';
import { errorEntry } from '../../../kernel/error-entry.js';

export const auditStreamNotFound = errorEntry({
  code: 'audit-stream-not-found',
  kind: 'not-found',
  meaning: 'The tenant has no audit stream with this id. `GET /audit-logs/streams` lists them.',
});

export const auditStreamExists = errorEntry({
  code: 'audit-stream-exists',
  kind: 'conflict',
  meaning: 'An audit stream of that name exists, perhaps with different capitals.',
  tell: (name: string) => `There is an audit stream "${name}" already. Choose another name.`,
});

export const auditStreamLimit = errorEntry({
  code: 'audit-stream-limit',
  kind: 'limit',
  meaning: 'The tenant has reached its limit of audit streams. Delete one that nobody needs.',
  tell: () => `A tenant has at most ${auditLimits.streamsPerTenant} audit streams.`,
});
