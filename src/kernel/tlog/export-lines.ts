/**
 * An audit log as a file of JSON lines, which is proven without the server that it comes from: a head, its
 * entries, checkpoints in between, an end. What does not end was cut off, and goes on after its last entry.
 * A head with a filter begins a choice of entries, each with its own proof, instead of all without a gap.
 */
import type { Personal } from './audit-leaf.js';

export const EXPORT_FORMAT = 'tidegate-audit-export/1';
/** An entry has 64 KiB at most; as a text in JSON it is escaped once more, and what is personal is beside it. */
export const EXPORT_LINE_CHARACTERS = 1024 * 1024;

export interface ExportHead {
  readonly kind: 'head';
  readonly origin: string;
  /** The sequence that the first entry has, or is behind in a choice of entries. */
  readonly from: number;
  /** Roots of the full subtrees of what is before it, the largest first. Of a choice: none. */
  readonly edge: readonly Buffer[];
  /** It ends right before this sequence: `checkpoint` is signed for so many. */
  readonly size: number;
  readonly checkpoint: string;
  /** Null: everything. */
  readonly filter: Readonly<Record<string, string>> | null;
}

export interface ExportEntry {
  readonly kind: 'entry';
  readonly sequence: number;
  /** What is hashed; null: the tree has its hash, and the entry is gone. */
  readonly leaf: string | null;
  /** As the tree has it; null: that of `leaf`. */
  readonly hash: Buffer | null;
  readonly personal: Readonly<Record<string, Personal>>;
  /** Of a choice: that it stands in the tree of the head’s size. */
  readonly proof: readonly Buffer[] | null;
}

/** Of as many entries as are before it. */
export interface ExportCheckpoint {
  readonly kind: 'checkpoint';
  readonly checkpoint: string;
}

export interface ExportEnd {
  readonly kind: 'end';
  readonly end: number;
  /** Where to go on; null: it is all that the head says. */
  readonly next: number | null;
}

export type ExportLine = ExportHead | ExportEntry | ExportCheckpoint | ExportEnd;

/** With the end of the line. */
export function writeExportLine(line: ExportLine): string {
  return `${JSON.stringify(plain(line))}\n`;
}

/** As they stand in the file. */
function plain(line: ExportLine): object {
  switch (line.kind) {
    case 'head': {
      const { origin, from, size, checkpoint, filter } = line;
      const edge = line.edge.map(base64);
      const head = { format: EXPORT_FORMAT, origin, from, edge, size, checkpoint };
      return filter === null ? head : { ...head, filter };
    }
    case 'entry': {
      const { sequence, leaf, personal, hash, proof } = line;
      return {
        sequence,
        leaf,
        personal,
        ...(hash === null ? {} : { hash: base64(hash) }),
        ...(proof === null ? {} : { proof: proof.map(base64) }),
      };
    }
    case 'checkpoint':
      return { checkpoint: line.checkpoint };
    case 'end':
      return { end: line.end, next: line.next };
  }
}

const base64 = (hash: Buffer): string => hash.toString('base64');
