/** A log in memory, and its export as lines: what is done to a file is done to these. */
import { generateKeyPairSync } from 'node:crypto';
import { commitmentTo } from '../../src/kernel/tlog/audit-leaf.js';
import {
  type Checkpoint,
  openCheckpoint,
  signCheckpoint,
} from '../../src/kernel/tlog/checkpoint.js';
import { type ExportLine, writeExportLine } from '../../src/kernel/tlog/export-lines.js';
import { type NoteVerifier, parseVerifierKey, verifierKeyOf } from '../../src/kernel/tlog/note.js';
import { ExportReader } from '../../src/kernel/tlog/read-export.js';
import { leafHash, TreeEdge } from '../../src/kernel/tlog/tree.js';
import { inclusionProof, type ReadHashes } from '../../src/kernel/tlog/tree-proofs.js';
import { ExportVerifier, type KeptCheckpoint } from '../../src/kernel/tlog/verify-export.js';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
export const ORIGIN = 'tidegate/audit/x';
const signer = { name: ORIGIN, privateKey };
export const verifierKey = verifierKeyOf(ORIGIN, publicKey);
export const trusted: readonly NoteVerifier[] = [parseVerifierKey(verifierKey)];
const SALT = 'ab'.repeat(16);

/** Sealed `each` at a time; `past` tells two logs of one key apart. */
export class LogInMemory {
  private readonly hashes: Buffer[] = [];
  private readonly notes = new Map<number, string>();
  private readonly edges: Buffer[] = [Buffer.alloc(0)];

  constructor(
    readonly size: number,
    readonly each = 3,
    private readonly past = 'one',
  ) {
    const edge = TreeEdge.empty();
    for (let at = 0; at < size; at += 1) {
      this.hashes.push(leafHash(Buffer.from(this.leafOf(at))));
      edge.append(this.hashes[at]!);
      this.edges.push(Buffer.concat([edge.bytes()]));
      if (edge.size % each === 0 || edge.size === size) {
        this.notes.set(edge.size, signCheckpoint({ size: edge.size, root: edge.root() }, signer));
      }
    }
  }

  /** As somebody has it who wrote it down then. */
  kept(size: number): KeptCheckpoint {
    const checkpoint: Checkpoint = openCheckpoint(this.notes.get(size)!, trusted);
    return { whose: 'a file', checkpoint };
  }

  whole(from = 0): string[] {
    const bytes = this.edges[from]!;
    const edge = Array.from({ length: bytes.length / 32 }, (_, at) =>
      bytes.subarray(32 * at, 32 * (at + 1)),
    );
    const lines: ExportLine[] = [this.head({ from, edge })];
    for (let sequence = from; sequence < this.size; sequence += 1) {
      lines.push({ ...this.entry(sequence), hash: this.hashes[sequence]! });
      const checkpoint = this.notes.get(sequence + 1);
      if (checkpoint !== undefined) lines.push({ kind: 'checkpoint', checkpoint });
    }
    return [...lines, this.end()].map(writeExportLine);
  }

  async choice(sequences: readonly number[]): Promise<string[]> {
    const read: ReadHashes = (_level, from, count) =>
      Promise.resolve(this.hashes.slice(from, from + count));
    const lines: ExportLine[] = [this.head({ filter: { action: 'a' } })];
    for (const sequence of [...sequences].sort((a, b) => b - a)) {
      const proof = await inclusionProof(read, sequence, this.size);
      lines.push({ ...this.entry(sequence), proof });
    }
    return [...lines, this.end()].map(writeExportLine);
  }

  private head(more: { from?: number; edge?: Buffer[]; filter?: Record<string, string> }) {
    const { size } = this;
    const given = { from: 0, edge: [], filter: null, ...more };
    return {
      kind: 'head',
      origin: ORIGIN,
      size,
      checkpoint: this.notes.get(size)!,
      ...given,
    } as const;
  }

  private entry(sequence: number) {
    const personal = { '/actor/name': { value: `ana-${sequence}`, salt: SALT } };
    const leaf = this.leafOf(sequence);
    return { kind: 'entry', sequence, leaf, hash: null, personal, proof: null } as const;
  }

  private end() {
    return { kind: 'end', end: this.size, next: null } as const;
  }

  private leafOf(sequence: number): string {
    const at = new Date(1e12 + Math.floor(sequence / 2)).toISOString();
    const commitments = { '/actor/name': commitmentTo(`ana-${sequence}`, SALT) };
    return JSON.stringify({ at, commitments, past: this.past, sequence });
  }
}

export function verifyLines(lines: readonly string[], kept: readonly KeptCheckpoint[] = []) {
  const reader = new ExportReader();
  const [head, ...rest] = lines.map((line) => reader.read(line.trimEnd()));
  if (head?.kind !== 'head') throw new Error('no head');
  const verifier = new ExportVerifier(head, trusted, kept);
  for (const line of rest) verifier.line(line);
  return verifier.report();
}
