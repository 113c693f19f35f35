/**
 * Goes through a tenant's whole log: every entry against its leaf, the leaves against every checkpoint that
 * the database has, and against those that places outside have kept. In batches, so that it holds little.
 */
import { type Checkpoint, openCheckpoint } from '../../../kernel/tlog/checkpoint.js';
import type { NoteVerifier } from '../../../kernel/tlog/note.js';
import { type LogFault, LogVerifier } from '../../../kernel/tlog/verify-log.js';
import type { Context } from '../../../platform/context.js';
import type { Database } from '../../../platform/database/database.js';
import type { AnyAnchorSink } from '../anchors/anchor-sink.js';
import type { LogReader } from '../log/log-reader.js';
import { entryIn, leafIn } from '../proofs/entry-bundle.js';
import { checkpointsBetween, treeHead } from '../proofs/tree.views.js';
import { readSinks, type Said, type SinkReport } from './read-sinks.js';
import { strayEntries } from './stray-entries.views.js';

const BATCH = 1_000;
/** What no entry commits to. */
const TORN = { '': { value: null, salt: '' } };

export interface LogReport {
  readonly size: number;
  /** Of the signed checkpoint that the whole of it agrees with. */
  readonly provenSize: number;
  readonly fault: LogFault | null;
  /** Entries that stand in no tree and wait for none: somebody has put them there. */
  readonly strayIds: readonly string[];
  readonly sinks: readonly SinkReport[];
}

export interface Verified {
  readonly database: Database;
  readonly reader: LogReader;
  readonly sinks: readonly AnyAnchorSink[];
  readonly verifiers: readonly NoteVerifier[];
}

export async function verifyTenant(ctx: Context, parts: Verified): Promise<LogReport> {
  const { database, reader, verifiers } = parts;
  const head = await database.transaction(ctx, treeHead);
  const size = head?.size ?? 0;
  const { anchored, sinks } = await readSinks(ctx, parts);
  const verifier = new LogVerifier();
  for (let from = 0; from < size; from += BATCH) {
    const to = Math.min(size, from + BATCH);
    const entries = await reader.entries(ctx, from, to);
    const notes = await database.transaction(ctx, (open) => checkpointsBetween(open, from, to));
    const own = notes.map(({ note }) => checkpointIn(note, verifiers));
    const said = bySize([
      ...own.flatMap((checkpoint) =>
        checkpoint === null ? [] : [{ whose: 'a checkpoint', isKept: false, checkpoint }],
      ),
      ...anchored.filter(({ checkpoint }) => checkpoint.size > from && checkpoint.size <= to),
    ]);
    for (const logged of entries) {
      const row = entryIn(logged);
      const { text: leaf, personal } = row === null ? { text: null, personal: {} } : leafIn(row);
      const { sequence, leafHash: hash } = logged;
      verifier.entry({ sequence, hash, leaf, personal: logged.isTorn ? TORN : personal });
      for (const { whose, isKept, checkpoint } of said.get(verifier.size) ?? []) {
        verifier.checkpoint(checkpoint, whose, isKept);
      }
    }
    if (own.includes(null)) verifier.distrust('a checkpoint');
  }
  if (head) {
    const newest = checkpointIn(head.checkpoint, verifiers);
    if (newest) verifier.mustHave(newest.size, 'the log itself');
    else verifier.distrust('its newest checkpoint');
  }
  for (const { whose, checkpoint } of anchored) verifier.mustHave(checkpoint.size, whose);
  const strayIds = await database.transaction(ctx, strayEntries);
  const { fault, provenSize } = verifier;
  return { size: verifier.size, provenSize, fault, strayIds, sinks };
}

/** Null: not one of this log. */
function checkpointIn(note: string, verifiers: readonly NoteVerifier[]): Checkpoint | null {
  try {
    return openCheckpoint(note, verifiers);
  } catch {
    return null;
  }
}

function bySize(said: readonly Said[]): ReadonlyMap<number, readonly Said[]> {
  const sizes = new Map<number, Said[]>();
  for (const each of said) {
    const { size } = each.checkpoint;
    sizes.set(size, [...(sizes.get(size) ?? []), each]);
  }
  return sizes;
}
