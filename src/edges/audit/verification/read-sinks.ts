/** What places outside have of a log: read there, or by their word alone where they cannot be read. */
import { messageOf } from '../../../kernel/errors.js';
import { type Checkpoint, openCheckpoint } from '../../../kernel/tlog/checkpoint.js';
import type { NoteVerifier } from '../../../kernel/tlog/note.js';
import type { Context } from '../../../platform/context.js';
import type { Database } from '../../../platform/database/database.js';
import { type AnchorSink, type AnyAnchorSink, isWriteOnly } from '../anchors/anchor-sink.js';
import { acknowledgedBy, countersignedNotes } from './acknowledged.views.js';

/** How the log was at a size, by whose word. */
export interface Said {
  readonly whose: string;
  /** By a place outside. */
  readonly isKept: boolean;
  readonly checkpoint: Checkpoint;
}

export interface SinkReport {
  readonly sink: string;
  /** False: what it has cannot be read; that it has it is what it has answered, as this database knows it. */
  readonly isRead: boolean;
  readonly checkpoints: number;
  /** The size of the newest: what is younger is anchored nowhere there. */
  readonly size: number;
  /** So many of them it has signed itself, or had signed: that proves itself to who has those keys. */
  readonly countersigned: number;
  /** Why it could not be asked; null: it was. */
  readonly error: string | null;
}

interface Asked {
  readonly database: Database;
  readonly sinks: readonly AnyAnchorSink[];
  readonly verifiers: readonly NoteVerifier[];
}

export async function readSinks(
  ctx: Context,
  { database, sinks, verifiers }: Asked,
): Promise<{ readonly anchored: readonly Said[]; readonly sinks: readonly SinkReport[] }> {
  const anchored: Said[] = [];
  const reports: SinkReport[] = [];
  for (const sink of sinks) {
    const { name } = sink;
    try {
      const found = isWriteOnly(sink)
        ? await database.transaction(ctx, async (open) => ({
            ...(await acknowledgedBy(open, name)),
            notes: await countersignedNotes(open, name),
          }))
        : await keptBy(sink, ctx.tenantId);
      const { notes, ...counts } = found;
      for (const note of notes) {
        const checkpoint = openCheckpoint(note, verifiers);
        anchored.push({ whose: `the ${name}`, isKept: !isWriteOnly(sink), checkpoint });
      }
      reports.push({ sink: name, isRead: !isWriteOnly(sink), ...counts, error: null });
    } catch (error) {
      const none = { checkpoints: 0, size: 0, countersigned: 0 };
      const isRead = !isWriteOnly(sink);
      reports.push({ sink: name, isRead, ...none, error: messageOf(error) });
    }
  }
  return { anchored, sinks: reports };
}

async function keptBy(sink: AnchorSink, tenantId: string) {
  const sizes = await sink.sizes(tenantId);
  const notes: string[] = [];
  for (const size of sizes) notes.push(await sink.read(tenantId, size));
  return { checkpoints: sizes.length, size: sizes.at(-1) ?? 0, countersigned: 0, notes };
}
