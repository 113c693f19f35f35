import fc from 'fast-check';
import { leafHash, nodeHash, TreeEdge, type FullNode } from './tree.js';
import {
  consistencyProof,
  inclusionProof,
  isConsistent,
  isIncluded,
  type ReadHashes,
  rootAt,
  TILE_HEIGHT,
} from './tree-proofs.js';

/** The entries and roots of the test suite of Certificate Transparency, which RFC 6962 came with. */
const ENTRIES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

/** As a store keeps it: the leaves, and a hash of each level above for each full tile below it. */
class KeptTree {
  readonly edge = TreeEdge.empty();
  readonly levels: Buffer[][] = [[]];

  append(leaf: Buffer): void {
    this.levels[0]!.push(leaf);
    this.edge.append(leaf, ({ height, hash }: FullNode) => {
      if (height % TILE_HEIGHT === 0) (this.levels[height / TILE_HEIGHT] ??= []).push(hash);
    });
  }

  readonly read: ReadHashes = async (level, from, count) =>
    (this.levels[level] ?? []).slice(from, from + count);
}

function treeOf(count: number): KeptTree {
  const tree = new KeptTree();
  for (let at = 0; at < count; at += 1) tree.append(leafHash(Buffer.from(`entry ${at}`)));
  return tree;
}

/** RFC 6962 section 2.1, word for word. */
function rootByDefinition(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 1) return leaves[0]!;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return nodeHash(rootByDefinition(leaves.slice(0, split)), rootByDefinition(leaves.slice(split)));
}

describe('a tree', () => {
  it('has the roots that RFC 6962 came with', () => {
    const edge = TreeEdge.empty();
    expect(edge.root().toString('hex')).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    for (const [at, entry] of ENTRIES.entries()) {
      edge.append(leafHash(Buffer.from(entry, 'hex')));
      expect(edge.root().toString('hex')).toBe(ROOTS[at]);
    }
  });

  it('goes on from its stored edge, and refuses an edge of another size', () => {
    const tree = treeOf(300);
    const again = TreeEdge.parse(300, tree.edge.bytes());
    for (const edge of [tree.edge, again]) edge.append(leafHash(Buffer.from('one more')));
    expect(again.root()).toEqual(tree.edge.root());
    expect(() => TreeEdge.parse(301, treeOf(300).edge.bytes())).toThrow(RangeError);
    expect(() => TreeEdge.parse(-1, Buffer.alloc(0))).toThrow(RangeError);
  });

  it('has the root of the definition at every size', async () => {
    const tree = treeOf(600);
    for (const size of [1, 2, 3, 7, 255, 256, 257, 511, 512, 513, 599, 600]) {
      const expected = rootByDefinition(tree.levels[0]!.slice(0, size));
      expect(await rootAt(tree.read, size)).toEqual(expected);
    }
    expect(tree.edge.root()).toEqual(rootByDefinition(tree.levels[0]!));
  });

  it('proves each of its entries at each size, and nothing else', async () => {
    const tree = treeOf(70_000);
    const place = fc
      .integer({ min: 1, max: 70_000 })
      .chain((size) => fc.tuple(fc.constant(size), fc.integer({ min: 0, max: size - 1 })));
    await fc.assert(
      fc.asyncProperty(place, fc.nat(30), async ([size, index], turned) => {
        const root = await rootAt(tree.read, size);
        const leaf = tree.levels[0]![index]!;
        const proof = await inclusionProof(tree.read, index, size);
        expect(isIncluded({ leaf, index, size, root }, proof)).toBe(true);
        expect(isIncluded({ leaf: leafHash(leaf), index, size, root }, proof)).toBe(false);
        expect(isIncluded({ leaf, index, size, root }, [...proof, leaf])).toBe(false);
        expect(isIncluded({ leaf, index: index + 1, size, root }, proof)).toBe(false);
        if (proof.length === 0) return;
        const at = turned % proof.length;
        const wrong = proof.map((hash, each) => (each === at ? leafHash(hash) : hash));
        expect(isIncluded({ leaf, index, size, root }, wrong)).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  it('proves that it is the beginning of what it became, and of nothing else', async () => {
    const tree = treeOf(70_000);
    const sizes = fc.tuple(
      fc.integer({ min: 1, max: 70_000 }),
      fc.integer({ min: 1, max: 70_000 }),
    );
    await fc.assert(
      fc.asyncProperty(sizes, async (pair) => {
        const [from, to] = pair.sort((a, b) => a - b);
        const older = { size: from, root: await rootAt(tree.read, from) };
        const newer = { size: to, root: await rootAt(tree.read, to) };
        const proof = await consistencyProof(tree.read, from, to);
        expect(isConsistent(older, newer, proof)).toBe(true);
        const forged = { ...older, root: leafHash(older.root) };
        expect(isConsistent(forged, newer, proof)).toBe(false);
        expect(isConsistent(older, { ...newer, root: leafHash(newer.root) }, proof)).toBe(false);
        expect(isConsistent(older, newer, [...proof, older.root])).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  it('takes no proof where there is nothing to prove', async () => {
    const tree = treeOf(3);
    await expect(inclusionProof(tree.read, 3, 3)).rejects.toThrow(RangeError);
    await expect(consistencyProof(tree.read, 4, 3)).rejects.toThrow(RangeError);
    expect(await consistencyProof(tree.read, 0, 3)).toEqual([]);
    const missing: ReadHashes = async () => [];
    await expect(inclusionProof(missing, 0, 3)).rejects.toThrow(/missing/);
  });
});
