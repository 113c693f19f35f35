/**
 * Proofs about a tree that is kept as tiles (C2SP tlog-tiles): levels of hashes, 256 of which are one hash
 * of the level above. Made here from those hashes, and checked here without any.
 */
import { foldFromTheRight, nodeHash } from './tree.js';

export const TILE_HEIGHT = 8;
export const TILE_WIDTH = 2 ** TILE_HEIGHT;
/** 2^53 leaves: what a number can count. */
export const TILE_LEVELS = 7;

/** Hashes of one level, from `from` on: as many as asked for, or an error. */
export type ReadHashes = (level: number, from: number, count: number) => Promise<Buffer[]>;

/** Everything between two leaves, the second not among it. */
type Span = readonly [from: number, to: number];

/** RFC 6962 section 2.1.1. Throws RangeError for an entry that the tree does not have. */
export async function inclusionProof(
  read: ReadHashes,
  index: number,
  size: number,
): Promise<Buffer[]> {
  if (index < 0 || index >= size) throw new RangeError('the tree has no such entry');
  return hashesOf(read, pathTo(index, [0, size]));
}

/** RFC 6962 section 2.1.2: that a tree is the beginning of a larger one. */
export async function consistencyProof(
  read: ReadHashes,
  from: number,
  to: number,
): Promise<Buffer[]> {
  if (from < 0 || from > to) throw new RangeError('the older tree is the larger one');
  return from === 0 || from === to ? [] : hashesOf(read, subproof(from, [0, to], true));
}

/** The root of the tree as it was at that size. */
export async function rootAt(read: ReadHashes, size: number): Promise<Buffer> {
  return size === 0 ? foldFromTheRight([]) : (await hashesOf(read, [[0, size]]))[0]!;
}

/** The roots of the full subtrees that the tree had at that size, the largest first. */
export function edgeAt(read: ReadHashes, size: number): Promise<Buffer[]> {
  return new TileReader(read).peaksOf([0, size]);
}

export interface Inclusion {
  readonly leaf: Buffer;
  readonly index: number;
  readonly size: number;
  readonly root: Buffer;
}

export function isIncluded(
  { leaf, index, size, root }: Inclusion,
  proof: readonly Buffer[],
): boolean {
  if (index < 0 || index >= size) return false;
  let [at, last, hash] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(sibling, hash);
      while (at % 2 === 0 && at > 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 && hash.equals(root);
}

export interface TreeHead {
  readonly size: number;
  readonly root: Buffer;
}

export function isConsistent(older: TreeHead, newer: TreeHead, proof: readonly Buffer[]): boolean {
  if (older.size > newer.size) return false;
  if (older.size === newer.size) return proof.length === 0 && older.root.equals(newer.root);
  if (older.size === 0) return proof.length === 0;
  let [at, last] = [older.size - 1, newer.size - 1];
  while (at % 2 === 1) [at, last] = [(at - 1) / 2, Math.floor(last / 2)];
  const path = at === 0 ? [older.root, ...proof] : [...proof];
  const first = path.shift();
  if (!first) return false;
  let [was, is] = [first, first];
  for (const sibling of path) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      [was, is] = [nodeHash(sibling, was), nodeHash(sibling, is)];
      while (at % 2 === 0 && at > 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else {
      is = nodeHash(is, sibling);
    }
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 && was.equals(older.root) && is.equals(newer.root);
}

function pathTo(index: number, [from, to]: Span): Span[] {
  if (to - from === 1) return [];
  const middle = from + splitOf(to - from);
  return index < middle
    ? [...pathTo(index, [from, middle]), [middle, to]]
    : [...pathTo(index, [middle, to]), [from, middle]];
}

function subproof(size: number, [from, to]: Span, isKnown: boolean): Span[] {
  if (size === to) return isKnown ? [] : [[from, to]];
  const middle = from + splitOf(to - from);
  return size <= middle
    ? [...subproof(size, [from, middle], isKnown), [middle, to]]
    : [...subproof(size, [middle, to], false), [from, middle]];
}

/** The largest power of two below it. */
function splitOf(leaves: number): number {
  let split = 1;
  while (split * 2 < leaves) split *= 2;
  return split;
}

async function hashesOf(read: ReadHashes, spans: readonly Span[]): Promise<Buffer[]> {
  const reader = new TileReader(read);
  const hashes: Buffer[] = [];
  for (const span of spans) hashes.push(await reader.hashOf(span));
  return hashes;
}

/** A proof asks for the same few tiles again and again. */
class TileReader {
  private readonly tiles = new Map<string, Buffer[]>();

  constructor(private readonly read: ReadHashes) {}

  /** Of a span that begins where a full subtree of its size would. */
  async hashOf(span: Span): Promise<Buffer> {
    return foldFromTheRight(await this.peaksOf(span));
  }

  /** The full subtrees side by side that it is made of. */
  async peaksOf([from, to]: Span): Promise<Buffer[]> {
    const peaks: Buffer[] = [];
    let at = from;
    while (at < to) {
      const width = largestFull(at, to);
      peaks.push(await this.full(at, width));
      at += width;
    }
    return peaks;
  }

  private async full(from: number, width: number): Promise<Buffer> {
    const level = Math.min(Math.floor(Math.log2(width) / TILE_HEIGHT), TILE_LEVELS - 1);
    const each = TILE_WIDTH ** level;
    let hashes = await this.some(level, from / each, width / each);
    while (hashes.length > 1) {
      const pairs = hashes;
      hashes = Array.from({ length: pairs.length / 2 }, (_, at) =>
        nodeHash(pairs[2 * at]!, pairs[2 * at + 1]!),
      );
    }
    return hashes[0]!;
  }

  private async some(level: number, from: number, count: number): Promise<Buffer[]> {
    const tile = Math.floor(from / TILE_WIDTH);
    const key = `${level}/${tile}`;
    const begin = from - tile * TILE_WIDTH;
    let known = this.tiles.get(key) ?? [];
    if (known.length < begin + count) {
      known = await this.read(level, tile * TILE_WIDTH, begin + count);
      if (known.length < begin + count) throw new RangeError(`hashes are missing in tile ${key}`);
      this.tiles.set(key, known);
    }
    return known.slice(begin, begin + count);
  }
}

/** Of the full subtrees that begin there and end no later: how many leaves the largest has. */
function largestFull(from: number, to: number): number {
  let width = 1;
  while (from % (width * 2) === 0 && from + width * 2 <= to) width *= 2;
  return width;
}
