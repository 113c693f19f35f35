import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * What every log line of one request, or of one piece of background work, carries by itself. For
 * the log only: code that decides takes its Context as an argument.
 */
export interface LogScope {
  requestId?: string;
  traceId?: string;
  tenantId?: string;
  actor?: string;
  [field: string]: unknown;
}

const storage = new AsyncLocalStorage<() => LogScope>();

/** Runs the work so that its log lines carry the fields, read anew for each line. */
export function withLogScope<T>(fields: LogScope | (() => LogScope), work: () => T): T {
  return storage.run(typeof fields === 'function' ? fields : () => fields, work);
}

export function currentLogScope(): LogScope {
  return storage.getStore()?.() ?? {};
}
