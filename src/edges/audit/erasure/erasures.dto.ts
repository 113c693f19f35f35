import { z } from 'zod';
import { auditLimits } from '../../../kernel/audit-limits.js';
import { text, uuid } from '../../../kernel/text.js';
import { pageQuery } from '../../../platform/http/page.js';

export const ERASURE_STATUSES = ['requested', 'confirmed', 'done', 'withdrawn', 'expired'] as const;

export const erasuresQuery = pageQuery;
export type ErasuresQuery = z.output<typeof erasuresQuery>;

export const erasureParams = z.strictObject({ id: uuid });
export type ErasureParams = z.output<typeof erasureParams>;

export const requestErasureBody = z
  .strictObject({
    personId: uuid.meta({ description: '`actor.id` of their entries.' }),
    reason: text(auditLimits.erasureReasonCharacters)
      .trim()
      .min(1)
      .meta({ description: 'It stays in the audit log: name a ticket, never the person.' }),
  })
  .meta({ id: 'RequestErasure' });
export type RequestErasureBody = z.output<typeof requestErasureBody>;

const count = z.int();
const person = z.string().nullable();
const time = z.iso.datetime();

export const erasureOut = z
  .strictObject({
    id: z.string(),
    personId: z.string(),
    reason: z.string(),
    status: z.enum(ERASURE_STATUSES).meta({
      description: 'confirmed: it is under way; done: all is erased that can be reached.',
    }),
    pseudonym: z.string().nullable().meta({ description: 'What stands in their place.' }),
    requestedBy: z.string().meta({ description: 'The id of who asked for it.' }),
    requestedAt: time,
    expiresAt: time,
    confirmedBy: person,
    confirmedAt: time.nullable(),
    endedAt: time.nullable(),
    entriesChanged: count,
    valuesErased: count,
    mentions: count.meta({
      description: 'Entries in which a name still stands in free text, which is never changed.',
    }),
    outOfReach: z.record(z.string(), count).meta({
      description: 'What has left the log before, by place and how often: `exports`.',
    }),
    keptElsewhere: z.array(z.string()).meta({
      description: 'Parts of the product that are no audit log and may still name them.',
    }),
  })
  .meta({ id: 'AuditErasure' });
export type ErasureView = z.output<typeof erasureOut>;

export const exampleErasure: ErasureView = {
  id: '019a7f3e-4000-7aaa-8bbb-0123456789ba',
  personId: '019a7f3e-4000-7aaa-8bbb-0123456789ac',
  reason: 'ticket 4711',
  status: 'done',
  pseudonym: 'erased-person-4f2c91aa07d3e85b',
  requestedBy: '019a7f3e-4000-7aaa-8bbb-0123456789bb',
  requestedAt: '2026-11-30T10:15:00.000Z',
  expiresAt: '2026-12-07T10:15:00.000Z',
  confirmedBy: '019a7f3e-4000-7aaa-8bbb-0123456789bc',
  confirmedAt: '2026-11-30T11:02:00.000Z',
  endedAt: '2026-11-30T11:03:10.000Z',
  entriesChanged: 318,
  valuesErased: 954,
  mentions: 1,
  outOfReach: { exports: 2 },
  keptElsewhere: ['accounts', 'approvals', 'deployments', 'notifications'],
};
