import { RECEIPT_POINTERS } from '../../../kernel/receipt/receipt-actions.js';
import type { ReceiptEntry } from '../../../kernel/receipt/receipt.js';
import { inclusionProof, type ReadHashes, TILE_WIDTH } from '../../../kernel/tlog/tree-proofs.js';
import { leafIn } from '../proofs/entry-bundle.js';
import type { EntryRow } from '../entries/entries.views.js';

export type PlacedRow = EntryRow & { readonly sequence: number };

/** As a receipt has it, yet without its proof: of what is somebody's own, who it was and no more. */
export function receiptEntry(row: PlacedRow): Omit<ReceiptEntry, 'proof'> {
  const { text: leaf, personal } = leafIn(row);
  const named = Object.entries(personal).filter(([pointer]) => RECEIPT_POINTERS.includes(pointer));
  return { sequence: row.sequence, leaf, personal: Object.fromEntries(named) };
}

/** With its proof in the tree of that size. */
export async function provenEntry(
  entry: Omit<ReceiptEntry, 'proof'>,
  read: ReadHashes,
  size: number,
): Promise<ReceiptEntry> {
  const hashes = await inclusionProof(read, entry.sequence, size);
  return { ...entry, proof: hashes.map((hash) => hash.toString('base64')) };
}

/** Proofs of neighbours ask for the same tiles: each is read once, and whole. */
export function rememberedHashes(read: ReadHashes): ReadHashes {
  const tiles = new Map<string, Promise<Buffer[]>>();
  return async (level, from, count) => {
    const key = `${level}/${from}`;
    const tile = tiles.get(key) ?? read(level, from, TILE_WIDTH);
    tiles.set(key, tile);
    return (await tile).slice(0, count);
  };
}
