import { errorEntry } from '../../kernel/error-entry.js';

export const auditEntryNotFound = errorEntry({
  code: 'audit-entry-not-found',
  kind: 'not-found',
  meaning: 'The audit log has no such entry.',
});

export const auditEntryUnsealed = errorEntry({
  code: 'audit-entry-unsealed',
  kind: 'conflict',
  meaning: 'The entry is too new to be proven: it is sealed within seconds. Try again.',
});

export const auditTileNotFound = errorEntry({
  code: 'audit-tile-not-found',
  kind: 'not-found',
  meaning:
    'The tree has no such tile yet. A partial tile (`.p/<width>`) is there as wide as the checkpoint’s size makes it.',
});

export const auditLogEmpty = errorEntry({
  code: 'audit-log-empty',
  kind: 'not-found',
  meaning: 'Nothing has been sealed in this audit log yet. Try again in a few seconds.',
});

export const auditSizeUnknown = errorEntry({
  code: 'audit-size-unknown',
  kind: 'invalid',
  meaning:
    'The sizes must be those of the log at two moments, the smaller one first, and no larger than it is.',
});

export const auditLogTooLong = errorEntry({
  code: 'audit-log-too-long',
  kind: 'conflict',
  meaning:
    'The log is too long to verify while you wait. Verify it yourself: `npx tidegate audit export --file audit.jsonl`, then `npx tidegate audit verify --file audit.jsonl --trust keys.txt`.',
  tell: (limit: number) => ({ details: { limit } }),
});

export const auditArchiveDamaged = errorEntry({
  code: 'audit-archive-damaged',
  kind: 'bug',
  meaning:
    'A file of the archive is not what was put there, so nothing of it is shown. `GET /audit-logs/verification` says which entries are concerned; ask whoever runs the installation to put the file back from a copy.',
  tell: (file: string) => ({ details: { file } }),
});

export const auditVerifying = errorEntry({
  code: 'audit-verifying',
  kind: 'unavailable',
  meaning: 'Another log is being verified by this process. Try again in a few seconds.',
});

export const auditExportUnclear = errorEntry({
  code: 'audit-export-unclear',
  kind: 'invalid',
  meaning:
    'Use `from` to export all entries, and `before` with a filter: leave out one of the two.',
});
