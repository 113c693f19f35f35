/** An entry of a receipt as its summary reads it. */
import type { ReceiptEntry } from './receipt.js';

export type Fields = Readonly<Record<string, unknown>>;

/** What a leaf says; `body` is without what is somebody's own. */
export interface StatedEntry {
  readonly sequence: number;
  readonly id: string;
  readonly tenantId: string;
  readonly at: string;
  readonly action: string;
  readonly outcome: string;
  readonly actor: { readonly kind: string | null; readonly id: string | null };
  readonly actingFor: string | null;
  readonly subject: Fields;
  readonly deploymentId: string | null;
  readonly requestId: string | null;
  readonly body: Fields;
  /** Of what is somebody's own, by JSON pointer; null: it was erased, or is not in the receipt. */
  readonly personal: (pointer: string) => string | null;
}

/** Null: no such entry. Whether it stands in a log is asked elsewhere. */
export function statedEntry({ sequence, leaf, personal }: ReceiptEntry): StatedEntry | null {
  let fields: unknown;
  try {
    fields = JSON.parse(leaf);
  } catch {
    return null;
  }
  if (!isFields(fields) || !isFields(fields['body']) || !isFields(fields['actor'])) return null;
  if (!isFields(fields['subject'])) return null;
  // Bodies of format 1 do not say what a receipt relies on.
  if (fields['version'] !== 2) return null;
  return {
    ...(fields as unknown as StatedEntry),
    sequence,
    personal: (pointer) => {
      const value = personal[pointer]?.value;
      return typeof value === 'string' ? value : null;
    },
  };
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
