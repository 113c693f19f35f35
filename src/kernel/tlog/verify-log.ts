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
  'inserted',
  'reordered',
  'rewritten',
  'resealed',
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

/**
 * Fed with entries in order, and with checkpoints when as many entries as they say have been fed. It may
 * begin behind an edge, which is proven by the first checkpoint as the entries behind it are.
 */
export class LogVerifier {
  /** What a checkpoint, and one that was kept elsewhere, has agreed with, and what was so before that. */
  private proven = 0;
  private provenBefore = 0;
  private kept = 0;
  private found: LogFault | null = null;
  private isBroken = false;
  private isContradicted = false;

  constructor(private readonly edge = TreeEdge.empty()) {}

  get size(): number {
    return this.edge.size;
  }

  /** So many entries are those of a checkpoint that was signed; none from the first that is at fault. */
  get provenSize(): number {
    return this.found === null ? this.proven : Math.min(this.proven, this.found.sequence);
  }

  get fault(): LogFault | null {
    return this.found;
  }

  entry({ sequence, hash, leaf, personal }: LogEntry): void {
    const expected = this.edge.size;
    if (sequence !== expected) this.isBroken = true;
    if (sequence > expected) this.report('missing', expected, sequence - 1, 'is not there');
    else if (sequence < expected) this.outOfOrder(sequence);
    else if (leaf === null) this.report('deleted', sequence, sequence, 'has been deleted');
    else if (!leafHash(Buffer.from(leaf)).equals(hash)) {
      this.report('edited', sequence, sequence, 'is not what was sealed');
    } else if (!isCommittedTo(leaf, personal)) {
      this.report('edited', sequence, sequence, 'has a personal value that was not sealed');
    }
    this.edge.append(hash);
  }

  /** Of the size that has been reached, by whoever's word it is; one that was kept is not the log's own. */
  checkpoint({ size, root }: TreeHead, whose: string, isKept = false): void {
    if (size !== this.edge.size) throw new RangeError('a checkpoint of another size');
    // Where entries are missing, no root can be right any more, and that has been said.
    if (this.isBroken) return;
    if (this.isRoot(root)) this.agree(size, isKept);
    else this.contradict(size, whose, isKept);
  }

  /** Whether that is the root of all that has been fed. */
  isRoot(root: Buffer): boolean {
    return !this.isBroken && this.edge.root().equals(root);
  }

  private agree(size: number, isKept: boolean): void {
    if (isKept) this.kept = size;
    if (this.found !== null || size === this.proven) return;
    [this.provenBefore, this.proven] = [this.proven, size];
  }

  private contradict(size: number, whose: string, isKept: boolean): void {
    if (this.isContradicted) {
      // Its own checkpoints are not of this past either: it was changed, and not sealed anew.
      if (!isKept && this.found?.kind === 'resealed')
        this.found = { ...this.found, kind: 'rewritten' };
      return;
    }
    this.isContradicted = true;
    if (size === this.proven) this.proven = this.provenBefore;
    // One key has signed two pasts: its own checkpoints say nothing of where they part.
    if (isKept) this.proven = Math.min(this.proven, this.kept);
    const kind = isKept ? 'resealed' : 'rewritten';
    this.report(kind, this.proven, size - 1, `is not what ${whose} has of it`);
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

  /** More than a checkpoint of all has, or a second time. */
  inserted(sequence: number, what: string): void {
    this.report('inserted', sequence, sequence, what);
  }

  /** A checkpoint of so many entries, where there are more or fewer. */
  misplaced(size: number): void {
    if (this.isBroken) return;
    const [first, last] = [Math.min(size, this.size), Math.max(size, this.size)];
    this.report('reordered', first, last, 'does not stand where its checkpoint does');
  }

  private outOfOrder(sequence: number): void {
    const { found } = this;
    // What seemed to be missing comes after all.
    if (found?.kind === 'missing' && found.sequence <= sequence && sequence <= found.upTo) {
      this.found = null;
      this.report('reordered', found.sequence, this.edge.size, 'does not stand in its place');
    } else {
      this.inserted(sequence, 'comes twice');
    }
  }

  private report(kind: FaultKind, sequence: number, upTo: number, what: string): void {
    if (this.found !== null && this.found.sequence <= sequence) return;
    const which =
      sequence === upTo ? `entry ${sequence}` : `one of the entries ${sequence} to ${upTo}`;
    this.found = { kind, sequence, upTo, text: `${which} ${what}` };
  }
}

export function isCommittedTo(leaf: string, personal: LogEntry['personal']): boolean {
  const { commitments = {} } = JSON.parse(leaf) as { commitments?: Record<string, string> };
  try {
    return Object.entries(personal).every(
      ([pointer, { value, salt }]) => commitments[pointer] === commitmentTo(value, salt),
    );
  } catch {
    // A value that nothing can be committed to.
    return false;
  }
}
