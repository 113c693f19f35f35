import { z } from 'zod';
import { dnsLabel, text, uuid } from '../../kernel/text.js';
import { pageOf, pageQuery } from '../../platform/http/page.js';
import { someOf, sortBy } from '../../platform/http/sorted-page.js';
import { ATTENTION_KINDS } from './attention-kinds.js';

const place = {
  environment: text(40).optional(),
  module: dnsLabel.optional(),
};

export const ATTENTION_SORTS = ['since'] as const;

export const attentionQuery = pageQuery.extend({
  ...place,
  kind: someOf(ATTENTION_KINDS, 'Only of this kind.'),
  mine: z
    .enum(['true', 'false'])
    .optional()
    .meta({ description: '`true`: only what the caller could unblock now.' }),
  sort: sortBy(ATTENTION_SORTS, '-since'),
});
export type AttentionQuery = z.output<typeof attentionQuery>;

export const attentionCountsQuery = z.strictObject(place);
export type AttentionPlace = z.output<typeof attentionCountsQuery>;

const wayOut = z.strictObject({
  verb: z.string(),
  method: z.enum(['POST', 'PUT', 'DELETE']),
  path: z.string(),
  command: z.string(),
  permission: z.string(),
  may: z
    .boolean()
    .meta({ description: 'Whether the caller may, as far as can be said beforehand.' }),
  why: z.string().nullable().meta({ description: 'Why the caller may not.' }),
});

export const attentionItem = z
  .strictObject({
    id: z.string().meta({ description: 'Of the item: its kind and its subject.' }),
    kind: z.enum(ATTENTION_KINDS as [string, ...string[]]),
    subject: z.strictObject({
      kind: z.enum(['deployment', 'hold', 'kill-switch', 'node']),
      id: uuid,
    }),
    detail: z.string(),
    since: z.iso.datetime(),
    until: z.iso.datetime().nullable().meta({ description: 'When it is decided without anybody.' }),
    environment: z.string().nullable().meta({ description: 'Null: of the whole tenant.' }),
    cluster: z.string().nullable(),
    module: z.string().nullable(),
    version: z.string().nullable(),
    node: z.string().nullable(),
    by: z.string().nullable().meta({ description: 'Whose deed it goes back to.' }),
    who: z.string().meta({ description: 'Who can unblock it.' }),
    verbs: z.array(wayOut).meta({ description: 'How; the first is the one that is meant.' }),
    may: z.boolean().meta({ description: 'Whether the caller may do one of them.' }),
  })
  .meta({ id: 'AttentionItem' });
export type AttentionItem = z.output<typeof attentionItem>;

export const attentionPage = pageOf(attentionItem).meta({ id: 'AttentionPage' });

export const attentionCounts = z
  .strictObject({
    total: z.int(),
    kinds: z.record(z.string(), z.int()).meta({ description: 'Every kind, also those of none.' }),
  })
  .meta({ id: 'AttentionCounts' });
export type AttentionCounts = z.output<typeof attentionCounts>;
