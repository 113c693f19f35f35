/**
 * What the lines of an exported log prove, to whoever has the log's key from elsewhere: that each entry is
 * what was sealed, and that none is missing. Kept checkpoints prove more than the file itself can: that the
 * log was not sealed anew. Holds one entry at a time.
 */
import { type Checkpoint, openCheckpoint } from './checkpoint.js';
import type { ExportEntry, ExportHead, ExportLine } from './export-lines.js';
import { NoteError, type NoteVerifier } from './note.js';
import { leafHash, TreeEdge } from './tree.js';
import { isIncluded } from './tree-proofs.js';
import { isCommittedTo, type LogFault, LogVerifier } from './verify-log.js';

/** A checkpoint that somebody has kept where the log's operators cannot change it. */
export interface KeptCheckpoint {
  readonly whose: string;
  readonly checkpoint: Checkpoint;
}

export interface ExportReport {
  readonly origin: string;
  readonly filter: ExportHead['filter'];
  readonly from: number;
  readonly size: number;
  readonly entries: number;
  /** So many entries of the log, from its first, are those of a checkpoint that was signed. */
  readonly provenSize: number;
  /** Kept checkpoints that agree. Others are of sizes that the file says nothing about. */
  readonly keptAgree: number;
  readonly fault: LogFault | null;
}

/** Fed with the lines of one file. */
export class ExportVerifier {
  private readonly body: WholeVerifier | ChoiceVerifier;
  private entries = 0;
  private isOver = false;

  /** Throws NoteError when no trusted key has signed the head, or the head says something else. */
  constructor(
    private readonly head: ExportHead,
    trusted: readonly NoteVerifier[],
    kept: readonly KeptCheckpoint[],
  ) {
    const signed = openCheckpoint(head.checkpoint, trusted);
    if (signed.origin !== head.origin || signed.size !== head.size) {
      throw new NoteError('the first line says another log or size than its checkpoint');
    }
    const ofLog = kept.filter(({ checkpoint }) => checkpoint.origin === head.origin);
    this.body =
      head.filter === null
        ? new WholeVerifier(head, signed, ofLog, trusted)
        : new ChoiceVerifier(signed, ofLog);
  }

  line(line: ExportLine): void {
    if (line.kind === 'entry') {
      this.entries += 1;
      this.body.entry(line);
    } else if (line.kind === 'checkpoint') this.body.checkpoint(line.checkpoint);
    else if (line.kind === 'end') this.isOver = line.next === null;
  }

  /** After the last line. */
  report(): ExportReport {
    const { origin, filter, from, size } = this.head;
    const { entries } = this;
    return { origin, filter, from, size, entries, ...this.body.report(this.isOver) };
  }
}

type Found = Pick<ExportReport, 'fault' | 'provenSize' | 'keptAgree'>;

/** All entries without a gap: they are hashed into the tree's root. */
class WholeVerifier {
  private readonly log: LogVerifier;
  private readonly kept = new Map<number, KeptCheckpoint[]>();
  private keptAgree = 0;

  constructor(
    { from, edge }: ExportHead,
    private readonly signed: Checkpoint,
    kept: readonly KeptCheckpoint[],
    private readonly trusted: readonly NoteVerifier[],
  ) {
    for (const each of kept) {
      const { size } = each.checkpoint;
      this.kept.set(size, [...(this.kept.get(size) ?? []), each]);
    }
    this.log = new LogVerifier(TreeEdge.parse(from, Buffer.concat(edge)));
    this.compare();
  }

  entry({ sequence, leaf, hash, personal }: ExportEntry): void {
    if (this.log.size >= this.signed.size && sequence >= this.log.size) {
      this.log.inserted(sequence, 'is more than its checkpoint has');
      return;
    }
    this.log.entry({ sequence, leaf, personal, hash: hash ?? leafHash(Buffer.from(leaf!)) });
    this.compare();
  }

  checkpoint(note: string): void {
    try {
      const checkpoint = openCheckpoint(note, this.trusted);
      if (checkpoint.origin !== this.signed.origin) throw new NoteError('of another log');
      if (checkpoint.size === this.log.size) this.log.checkpoint(checkpoint, 'a checkpoint');
      else this.log.misplaced(checkpoint.size);
    } catch {
      this.log.distrust('a checkpoint');
    }
  }

  report(isOver: boolean): Found {
    this.log.mustHave(this.signed.size, isOver ? 'its own head' : 'the file was cut off; its head');
    for (const [size, [first]] of this.kept) this.log.mustHave(size, first!.whose);
    const { fault, provenSize } = this.log;
    return { fault, provenSize, keptAgree: this.keptAgree };
  }

  /** Its own first: what contradicts those, too, was not sealed anew. */
  private compare(): void {
    const { size } = this.log;
    if (size === this.signed.size) this.log.checkpoint(this.signed, 'its newest checkpoint');
    for (const { whose, checkpoint } of this.kept.get(size) ?? []) {
      this.log.checkpoint(checkpoint, whose, true);
      if (this.log.isRoot(checkpoint.root)) this.keptAgree += 1;
    }
  }
}

/** Some entries, the newest first, each with its proof: that none was left out is not proven. */
class ChoiceVerifier {
  private found: LogFault | null = null;
  private atBefore = '~';
  /** Of one moment: only these can come twice, as long as time goes on. */
  private seen = new Set<number>();
  private last = 0;

  constructor(
    private readonly signed: Checkpoint,
    private readonly kept: readonly KeptCheckpoint[],
  ) {}

  entry({ sequence, leaf, proof, personal }: ExportEntry): void {
    const { size, root } = this.signed;
    this.last = sequence;
    if (leaf === null) return this.fault('deleted', sequence, 'has been deleted');
    const hash = leafHash(Buffer.from(leaf));
    if (!isIncluded({ leaf: hash, index: sequence, size, root }, proof ?? [])) {
      return this.fault('edited', sequence, 'is not what was sealed');
    }
    if (!isCommittedTo(leaf, personal)) {
      return this.fault('edited', sequence, 'has a personal value that was not sealed');
    }
    this.inOrder(sequence, String((JSON.parse(leaf) as { at?: unknown }).at));
  }

  checkpoint(): void {
    this.fault('inserted', this.last, 'is followed by a checkpoint, where there can be none');
  }

  report(isOver: boolean): Found {
    if (!isOver) this.fault('truncated', this.last, 'is not the last: the file was cut off');
    const { size, root } = this.signed;
    const same = this.kept.filter(({ checkpoint }) => checkpoint.size === size);
    const other = same.find(({ checkpoint }) => !checkpoint.root.equals(root));
    if (other) this.fault('resealed', 0, `is of another log than ${other.whose} has`);
    const provenSize = this.found === null ? size : 0;
    return { fault: this.found, provenSize, keptAgree: other ? 0 : same.length };
  }

  private inOrder(sequence: number, at: string): void {
    if (at > this.atBefore) this.fault('reordered', sequence, 'does not stand in its place');
    if (at !== this.atBefore) this.seen = new Set();
    this.atBefore = at;
    if (this.seen.has(sequence)) this.fault('inserted', sequence, 'comes twice');
    this.seen.add(sequence);
  }

  /** The first in the file. */
  private fault(kind: LogFault['kind'], sequence: number, what: string): void {
    this.found ??= { kind, sequence, upTo: sequence, text: `entry ${sequence} ${what}` };
  }
}
