import { Injectable } from '@nestjs/common';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { isId } from '../../kernel/ids.js';
import type { Page } from '../../platform/http/page.js';
import { sorted, type SortedSlice } from '../../platform/http/sorted-page.js';
import { ATTENTION_KINDS, attentionKinds } from './attention-kinds.js';
import type {
  AttentionCounts,
  AttentionItem,
  AttentionPlace,
  AttentionQuery,
} from './attention.dto.js';
import { attentionCountsOf, attentionRows, type AttentionRow } from './attention.views.js';
import { callerOf, waysOf, type Caller } from './caller-ways.js';

/** As many as are judged at once for a page of what the caller could unblock. */
const CHUNK = 200;

type SortedItem = AttentionItem & { readonly sortValue: string };

/** What waits for a person, over all environments, and what whoever asks could do about it. */
@Injectable()
export class Attention {
  constructor(private readonly database: Database) {}

  list(ctx: Context, query: AttentionQuery): Promise<Page<AttentionItem>> {
    return this.database.transaction(ctx, (open) =>
      sorted('attention', query, {
        first: '-since',
        isKey: isItemId,
        read: (slice) =>
          query.mine === 'true' ? ofCaller(open, query, slice) : all(open, query, slice),
      }),
    );
  }

  /** For badges. */
  async counts(ctx: Context, place: AttentionPlace): Promise<AttentionCounts> {
    const rows = await this.database.transaction(ctx, (open) => attentionCountsOf(open, place));
    const counts = new Map(rows.map(({ kind, count }) => [kind, count]));
    const kinds = Object.fromEntries(ATTENTION_KINDS.map((kind) => [kind, counts.get(kind) ?? 0]));
    return { total: rows.reduce((sum, { count }) => sum + count, 0), kinds };
  }
}

async function all(
  open: OpenContext,
  query: AttentionQuery,
  slice: SortedSlice,
): Promise<SortedItem[]> {
  const rows = await attentionRows(open, query, slice);
  const caller = await callerOf(open, rows);
  return rows.map((row) => itemOf(open, row, caller));
}

async function ofCaller(
  open: OpenContext,
  query: AttentionQuery,
  slice: SortedSlice,
): Promise<SortedItem[]> {
  const found: SortedItem[] = [];
  let { after } = slice;
  for (;;) {
    const items = await all(open, query, { ...slice, after, take: CHUNK });
    found.push(...items.filter(({ may }) => may));
    const last = items.at(-1);
    if (found.length >= slice.take || items.length < CHUNK || !last) {
      return found.slice(0, slice.take);
    }
    after = { id: last.id, value: last.sortValue };
  }
}

function itemOf(open: OpenContext, row: AttentionRow, caller: Caller): SortedItem {
  const { subject, who } = attentionKinds[row.kind];
  const verbs = waysOf(open, row, caller);
  const { id, kind, detail, environment, cluster, module, version, node, by, sortValue } = row;
  return {
    id,
    kind,
    subject: { kind: subject, id: row.subjectId },
    detail,
    since: row.since.toISOString(),
    until: row.until?.toISOString() ?? null,
    environment,
    cluster,
    module,
    version,
    node,
    by,
    who: row.who ?? who,
    verbs,
    may: verbs.some(({ may }) => may),
    sortValue,
  };
}

function isItemId(id: string): boolean {
  const [kind, subject, ...more] = id.split(':');
  const isKnown = (ATTENTION_KINDS as readonly string[]).includes(kind!);
  return isKnown && subject !== undefined && isId(subject) && more.length === 0;
}
