import { z } from 'zod';
import { text } from '../../../kernel/text.js';
import { pageQuery } from '../../../platform/http/page.js';

export const checkpointsQuery = pageQuery;
export type CheckpointsQuery = z.output<typeof checkpointsQuery>;

const part = text(20);
export const tileParams = z.strictObject({ level: part, a: part });
export type TileParams = z.output<typeof tileParams>;
export const tileParams2 = tileParams.extend({ b: part });
export type TileParams2 = z.output<typeof tileParams2>;
export const tileParams3 = tileParams2.extend({ c: part });
export type TileParams3 = z.output<typeof tileParams3>;
export const tileParams4 = tileParams3.extend({ d: part });
export type TileParams4 = z.output<typeof tileParams4>;

const size = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
export const consistencyQuery = z.strictObject({
  from: size.meta({ type: 'integer', description: 'The size of the older checkpoint.' }),
  to: size.meta({ type: 'integer', description: 'The size of the newer one.' }),
});
export type ConsistencyQuery = z.output<typeof consistencyQuery>;

export const keyOut = z.strictObject({
  origin: z.string(),
  key: z.string().meta({
    description:
      'As Go’s sumdb and other tools take it. Trust it only if you have it from elsewhere, too.',
  }),
});

export const checkpointOut = z
  .strictObject({
    id: z.string(),
    size: z.int(),
    at: z.iso.datetime(),
    note: z.string(),
    anchoredAt: z
      .array(z.string())
      .meta({ description: 'Places outside of the database that have it.' }),
    countersigned: z
      .array(z.string())
      .meta({ description: 'The note as places have answered it, with signatures of others.' }),
  })
  .meta({ id: 'AuditCheckpoint' });

export const consistencyOut = z.strictObject({
  from: z.int(),
  to: z.int(),
  proof: z.array(z.string()).meta({ description: 'Hashes in base64, as RFC 6962 orders them.' }),
});

export const exampleCheckpoint = {
  id: '019a7f3e-4000-7aaa-8bbb-0123456789ab',
  size: 1208,
  at: '2026-11-30T10:15:00.500Z',
  note: 'tidegate/audit/019a7f3e-4000-7aaa-8bbb-0123456789aa\n1208\nsFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n\n— tidegate/audit/019a7f3e-4000-7aaa-8bbb-0123456789aa hI2DJw…\n',
  anchoredAt: ['object-store'],
  countersigned: [],
};
