/**
 * A place outside of the database that keeps checkpoints: who rewrites the database, and even has the key,
 * cannot make what is there into something else. It never replaces what it has.
 */
export interface AnchorSink {
  /** Stored with what was anchored there. */
  readonly name: string;
  /** False: it has another one of that size already, and keeps that. */
  put(tenantId: string, size: number, note: string): Promise<boolean>;
  /** In order. */
  sizes(tenantId: string): Promise<number[]>;
  read(tenantId: string, size: number): Promise<string>;
}

/** The token under which Nest hands out all that there are. */
export const ANCHOR_SINKS = Symbol('tidegate:anchor-sinks');
