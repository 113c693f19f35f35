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

export interface Acknowledged {
  /** False: it has another one of that size already, and keeps that. */
  readonly isKept: boolean;
  /** The checkpoint with signatures of others, where the answer was that. */
  readonly countersigned: string | null;
}

/** One that takes checkpoints and shows none: that it has them is its own word, which the database keeps. */
export interface WriteOnlySink {
  readonly name: string;
  readonly isWriteOnly: true;
  bring(tenantId: string, size: number, note: string): Promise<Acknowledged>;
}

export type AnyAnchorSink = AnchorSink | WriteOnlySink;

export function isWriteOnly(sink: AnyAnchorSink): sink is WriteOnlySink {
  return 'isWriteOnly' in sink;
}

/** The token under which Nest hands out all that there are. */
export const ANCHOR_SINKS = Symbol('tidegate:anchor-sinks');
