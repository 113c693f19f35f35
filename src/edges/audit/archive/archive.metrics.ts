import type { Counter, Gauge } from 'prom-client';
import type { Metrics } from '../../../platform/metrics/metrics.js';
import type { NewArchive } from './archives.store.js';

export class ArchiveMetrics {
  readonly failures: Counter;
  /** Of a look at which nothing was left to be done. */
  readonly lastSuccess: Gauge;
  readonly due: Gauge;
  private readonly entries: Counter;
  private readonly bytes: Counter;

  constructor(metrics: Metrics) {
    this.failures = metrics.counter({
      name: 'audit_archive_failures_total',
      help: 'Months of the audit log that could not be archived; nothing is dropped, and they are tried again',
    });
    this.lastSuccess = metrics.gauge({
      name: 'audit_archive_last_success_seconds',
      help: 'When the archive of the audit log was last seen to be complete (Unix time)',
    });
    this.due = metrics.gauge({
      name: 'audit_archive_due_months',
      help: 'Months of the audit log that are old enough to be archived and are still in the database',
    });
    this.entries = metrics.counter({
      name: 'audit_archived_entries_total',
      help: 'Entries of the audit log that were written to the archive and verified there',
    });
    this.bytes = metrics.counter({
      name: 'audit_archived_bytes_total',
      help: 'Bytes of the files that were written to the archive of the audit log',
    });
  }

  archived({ entries, bytes, personalBytes }: NewArchive): void {
    this.entries.inc(entries);
    this.bytes.inc(bytes + personalBytes);
  }
}
