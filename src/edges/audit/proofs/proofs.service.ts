import { Injectable } from '@nestjs/common';
import { writeProof } from '../../../kernel/tlog/checkpoint.js';
import { consistencyProof, inclusionProof, TILE_WIDTH } from '../../../kernel/tlog/tree-proofs.js';
import type { Context, OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { newestFirst, type Page, type PageRequest } from '../../../platform/http/page.js';
import {
  auditEntryNotFound,
  auditEntryUnsealed,
  auditLogEmpty,
  auditSizeUnknown,
  auditTileNotFound,
} from '../audit.errors.js';
import { AuditRetention } from '../archive/audit-retention.js';
import { AuditReads } from '../entries/audit-reads.js';
import { entryRow } from '../entries/entries.views.js';
import { LogKey, originOf } from '../log/log-key.js';
import { LogReader } from '../log/log-reader.js';
import { bundleOf, entryIn, leafIn } from './entry-bundle.js';
import { parseTilePath, type TilePath } from './tile-path.js';
import {
  checkpointRows,
  type CheckpointRow,
  hashesOf,
  placeOf,
  treeHead,
  type TreeHeadRow,
} from './tree.views.js';

/** What others need to check the log by themselves. */
@Injectable()
export class ProofsService {
  constructor(
    private readonly database: Database,
    private readonly reads: AuditReads,
    private readonly key: LogKey,
    private readonly reader: LogReader,
    private readonly retention: AuditRetention,
  ) {}

  keyOf({ tenantId }: Context): { origin: string; key: string } {
    return { origin: originOf(tenantId), key: this.key.verifierOf(tenantId) };
  }

  /** Throws `audit-log-empty`. */
  checkpoint(ctx: Context): Promise<string> {
    return this.reading(ctx, async (open) => (await headOf(open)).checkpoint);
  }

  checkpoints(ctx: Context, query: PageRequest): Promise<Page<CheckpointRow>> {
    return this.reading(ctx, (open) =>
      newestFirst('audit-checkpoints', query, (before, take) =>
        checkpointRows(open, { before, take }),
      ),
    );
  }

  /** Throws `audit-tile-not-found`. */
  async tile(ctx: Context, level: string, parts: readonly string[]): Promise<Buffer> {
    const path = parseTilePath(level, parts);
    if (!path) throw auditTileNotFound();
    const hashes = await this.reading(ctx, async (open) =>
      path.level === 'entries' ? null : hashesIn(open, path),
    );
    const tile = path.level === 'entries' ? await this.entriesIn(ctx, path) : hashes;
    if (!tile) throw auditTileNotFound();
    return tile;
  }

  private async entriesIn(ctx: Context, { position, width }: TilePath): Promise<Buffer | null> {
    const from = position * TILE_WIDTH;
    const rows = (await this.reader.entries(ctx, from, from + width)).map(entryIn);
    const texts = rows.flatMap((row) => (row === null ? [] : [leafIn(row).text]));
    return texts.length === width ? bundleOf(texts) : null;
  }

  /** Throws `audit-entry-not-found`, `audit-entry-unsealed`. */
  async proof(ctx: Context, id: string): Promise<string> {
    const proven = await this.reading(ctx, async (open) => {
      const place = await placeOf(open, id);
      if (!place) throw (await entryRow(open, id)) ? auditEntryUnsealed() : auditEntryNotFound();
      if (place.at < this.retention.shownSince(ctx.tenantId)) throw auditEntryNotFound();
      const { sequence: index } = place;
      const { size, checkpoint } = await headOf(open);
      return { index, checkpoint, hashes: await inclusionProof(hashesOf(open), index, size) };
    });
    const { index } = proven;
    const row = (await this.reader.entries(ctx, index, index + 1)).map(entryIn)[0];
    if (!row) throw auditEntryNotFound();
    return writeProof({ ...proven, entry: Buffer.from(leafIn(row).text) });
  }

  /** Throws `audit-size-unknown`. */
  consistency(
    ctx: Context,
    from: number,
    to: number,
  ): Promise<{ from: number; to: number; proof: string[] }> {
    return this.reading(ctx, async (open) => {
      const { size } = await headOf(open);
      if (from > to || to > size) throw auditSizeUnknown();
      const proof = await consistencyProof(hashesOf(open), from, to);
      return { from, to, proof: proof.map((hash) => hash.toString('base64')) };
    });
  }

  private reading<T>(ctx: Context, work: (open: OpenContext) => Promise<T>): Promise<T> {
    return this.database.transaction(ctx, async (open) => {
      await this.reads.note(open, 'proofs');
      return work(open);
    });
  }
}

async function headOf(open: OpenContext): Promise<TreeHeadRow> {
  const head = await treeHead(open);
  if (!head) throw auditLogEmpty();
  return head;
}

async function hashesIn(
  open: OpenContext,
  { level, position, width }: TilePath,
): Promise<Buffer | null> {
  const hashes = await hashesOf(open)(Number(level), position * TILE_WIDTH, width);
  return hashes.length === width ? Buffer.concat(hashes) : null;
}
