/**
 * Merkle trees as RFC 6962 section 2.1 hashes them: a prefix of 0 before a leaf and of 1 before a node,
 * so that none can be taken for the other.
 */
import { createHash } from 'node:crypto';

const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);

export const HASH_BYTES = 32;

/** Of a log in which nothing stands yet. */
export const EMPTY_ROOT = createHash('sha256').digest();

export function leafHash(entry: Uint8Array): Buffer {
  return createHash('sha256').update(LEAF).update(entry).digest();
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash('sha256').update(NODE).update(left).update(right).digest();
}

/** A node that will never change again: `2^height` leaves below it, all there. */
export interface FullNode {
  readonly height: number;
  readonly index: number;
  readonly hash: Buffer;
}

/**
 * The right edge of a tree, which is all that appending needs: the roots of its largest full subtrees,
 * from the left. A tree of a million entries has at most twenty of them.
 */
export class TreeEdge {
  private constructor(
    private leaves: number,
    private readonly peaks: Buffer[],
  ) {}

  static empty(): TreeEdge {
    return new TreeEdge(0, []);
  }

  /** Throws RangeError for an edge that no tree of that size has. */
  static parse(size: number, bytes: Buffer): TreeEdge {
    if (!Number.isSafeInteger(size) || size < 0) throw new RangeError('not the size of a tree');
    if (bytes.length !== onesIn(size) * HASH_BYTES)
      throw new RangeError('not the edge of that tree');
    const peaks: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += HASH_BYTES) {
      peaks.push(bytes.subarray(at, at + HASH_BYTES));
    }
    return new TreeEdge(size, peaks);
  }

  get size(): number {
    return this.leaves;
  }

  bytes(): Buffer {
    return Buffer.concat(this.peaks);
  }

  /** Tells of every full node that this leaf completes, from below. */
  append(leaf: Buffer, onFull?: (node: FullNode) => void): void {
    let [hash, height, index] = [leaf, 0, this.leaves];
    while (index % 2 === 1) {
      hash = nodeHash(this.peaks.pop()!, hash);
      height += 1;
      index = (index - 1) / 2;
      onFull?.({ height, index, hash });
    }
    this.peaks.push(hash);
    this.leaves += 1;
  }

  root(): Buffer {
    return foldFromTheRight(this.peaks);
  }
}

/** The root over full subtrees that stand side by side, each larger than the next. */
export function foldFromTheRight(peaks: readonly Buffer[]): Buffer {
  let root = peaks.at(-1) ?? EMPTY_ROOT;
  for (let at = peaks.length - 2; at >= 0; at -= 1) root = nodeHash(peaks[at]!, root);
  return root;
}

function onesIn(size: number): number {
  return size.toString(2).replaceAll('0', '').length;
}
