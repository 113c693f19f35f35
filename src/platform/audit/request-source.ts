import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * From where a request came, for the audit log. It is carried beside the code, like what a log line says
 * by itself, so that no entry can forget it (ADR 0076). Nothing decides by it: who decides by an address
 * takes it as an argument.
 */
export interface RequestSource {
  readonly address: string;
  readonly userAgent: string | null;
  readonly traceId: string | null;
}

const storage = new AsyncLocalStorage<() => RequestSource>();

/** Found out only when there is something to be recorded: most requests record nothing. */
export function withRequestSource<T>(source: () => RequestSource, work: () => T): T {
  return storage.run(source, work);
}

/** Null: it is nobody's request, but background work. */
export function currentRequestSource(): RequestSource | null {
  return storage.getStore()?.() ?? null;
}
