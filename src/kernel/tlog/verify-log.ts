/**
 * Reads a log from its beginning and says where it first is not what its checkpoints say. What it reads may
 * come from a database or from a file; it holds one entry at a time.
 */
import type { Personal } from './audit-leaf.js';
import { commitmentTo } from './audit-leaf.js';
import { leafHash, TreeEdge } from './tree.js';
import type { TreeHead } from './tree-proofs.js';

export interface LogEntry {
  readonly sequence: number;
  /** As the tree has it. */
  readonly hash: Buffer;
  /** What is hashed; null: the entry is gone. */
  readonly leaf: string | null;
  readonly personal: Readonly<Record<string, Personal>>;
}

export const FAULT_KINDS = [
  'edited',
  'deleted',
  'missing',
  'out-of-order',
  'rewritten',
  'truncated',
  'unsigned',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface LogFault {
  /** The first that is not proven. */
  readonly sequence: number;
  /** The last that it may be: of some faults only the span between two checkpoints is known. */
  readonly upTo: number;
  readonly kind: FaultKind;
  readonly text: string;
}

/** Fed with entries in order, and with checkpoints when as many entries as they say have been fed. */
export class LogVerifier {
  private readonly edge = TreeEdge.empty();
  private proven = 0;
  private found: LogFault | null = null;
  private isBroken = false;

  get size(): number {
    return this.edge.size;
  }

  /** So many entries are those of a checkpoint that was signed. */
  get provenSize(): number {
    return this.proven;
  }

  get fault(): LogFault | null {
    return this.found;
  }

  entry({ sequence, hash, leaf, personal }: LogEntry): void {
    const expected = this.edge.size;
    if (sequence !== expected) this.isBroken = true;
    if (sequence > expected) this.report('missing', expected, sequence - 1, 'is not there');
    else if (sequence < expected) this.report('out-of-order', sequence, expected, 'comes twice');
    else if (leaf === null) this.report('deleted', sequence, sequence, 'has been deleted');
    else if (!leafHash(Buffer.from(leaf)).equals(hash)) {
      this.report('edited', sequence, sequence, 'is not what was sealed');
    } else if (!isCommittedTo(leaf, personal)) {
      this.report('edited', sequence, sequence, 'has a personal value that was not sealed');
    }
    this.edge.append(hash);
  }

  /** Of the size that has been reached, by whoever's word it is. */
  checkpoint({ size, root }: TreeHead, whose: string): void {
    if (size !== this.edge.size) throw new RangeError('a checkpoint of another size');
    // Where entries are missing, no root can be right any more, and that has been said.
    if (this.isBroken) return;
    if (this.edge.root().equals(root)) {
      if (this.found === null) this.proven = size;
      return;
    }
    this.report('rewritten', this.proven, size - 1, `is not what ${whose} has of it`);
  }

  /** A checkpoint that the log's own key has not signed: what came since the last good one is not proven. */
  distrust(whose: string): void {
    const last = Math.max(0, this.edge.size - 1);
    const first = Math.min(this.proven, last);
    this.report('unsigned', first, last, `is not proven: ${whose} is not signed by its key`);
  }

  /** After the last entry: somebody has a checkpoint of more of them. */
  mustHave(size: number, whose: string): void {
    if (size <= this.edge.size) return;
    this.report('truncated', this.edge.size, size - 1, `is gone: ${whose} has a checkpoint of it`);
  }

  private report(kind: FaultKind, sequence: number, upTo: number, what: string): void {
    if (this.found !== null && this.found.sequence <= sequence) return;
    const which =
      sequence === upTo ? `entry ${sequence}` : `one of the entries ${sequence} to ${upTo}`;
    this.found = { kind, sequence, upTo, text: `${which} ${what}` };
  }
}

function isCommittedTo(leaf: string, personal: LogEntry['personal']): boolean {
  const { commitments = {} } = JSON.parse(leaf) as { commitments?: Record<string, string> };
  return Object.entries(personal).every(
    ([pointer, { value, salt }]) => commitments[pointer] === commitmentTo(value, salt),
  );
}
