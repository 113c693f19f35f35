import { z } from 'zod';
import { text, uuid } from '../../../kernel/text.js';
import { AUDIT_CATEGORIES } from '../../../platform/audit/audit-record.js';
import { pageQuery } from '../../../platform/http/page.js';

const category = z.enum(AUDIT_CATEGORIES);
const traceId = z.string().regex(/^[0-9a-f]{32}$/, 'must be the 32 hex digits of a trace');
const time = z.iso.datetime({ offset: true });

const filters = {
  category: category.optional(),
  action: text(100).optional().meta({ description: 'What was done: `deployment-created`.' }),
  actor: text(250).optional().meta({ description: 'By its name, as entries show it.' }),
  person: uuid
    .optional()
    .meta({ description: 'The id of who did it, or whose key; as they are called by now or not.' }),
  subject: text(250).optional().meta({ description: 'The id of what it was done to.' }),
  outcome: z.enum(['allowed', 'denied', 'failed']).optional(),
  deployment: uuid.optional(),
  release: uuid.optional(),
  trace: traceId.optional().meta({ description: 'The trace id of `traceparent`.' }),
  from: time.optional().meta({ description: 'Not older than this.' }),
  to: time.optional().meta({ description: 'Older than this.' }),
};

export const auditLogsQuery = pageQuery.extend(filters);
export type AuditLogsQuery = z.output<typeof auditLogsQuery>;

/** What one sort of entries is asked for by: its path says the rest. */
export const someLogsQuery = pageQuery.extend({ from: filters.from, to: filters.to });
export type SomeLogsQuery = z.output<typeof someLogsQuery>;

export const entryParams = z.strictObject({ id: uuid });
export type EntryParams = z.output<typeof entryParams>;
export const categoryParams = z.strictObject({ category });
export type CategoryParams = z.output<typeof categoryParams>;
export const traceParams = z.strictObject({ traceId });
export type TraceParams = z.output<typeof traceParams>;
export const deploymentParams = z.strictObject({ deploymentId: uuid });
export type DeploymentParams = z.output<typeof deploymentParams>;
export const usernameParams = z.strictObject({ username: text(250) });
export type UsernameParams = z.output<typeof usernameParams>;

export const auditEntryOut = z
  .strictObject({
    id: z.string(),
    sequence: z.int().nullable().meta({
      description: 'Its place in the log, from 0. Null: it is sealed within seconds.',
    }),
    at: z.iso.datetime(),
    category,
    action: z.string(),
    outcome: z.enum(['allowed', 'denied', 'failed']),
    actor: z.strictObject({
      kind: z.string().nullable(),
      id: z.string().nullable(),
      name: z.string(),
    }),
    actingFor: z
      .string()
      .nullable()
      .meta({ description: 'The person behind it: of a key, its maker.' }),
    subject: z.strictObject({ kind: z.string(), id: z.string() }),
    sourceAddress: z.string().nullable(),
    userAgent: z.string().nullable(),
    requestId: z.string().nullable(),
    traceId: z.string().nullable(),
    releaseId: z.string().nullable(),
    deploymentId: z.string().nullable(),
    version: z.int().meta({ description: '1: written before there was a log, and imported.' }),
    details: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntryView = z.output<typeof auditEntryOut>;

export const exampleEntry: AuditEntryView = {
  id: '019a7f3e-4000-7aaa-8bbb-0123456789ab',
  sequence: 1207,
  at: '2026-11-30T10:15:00.000Z',
  category: 'deployment',
  action: 'deployment-created',
  outcome: 'allowed',
  actor: { kind: 'user', id: '019a7f3e-4000-7aaa-8bbb-0123456789ac', name: 'lea' },
  actingFor: null,
  subject: { kind: 'deployment', id: '019a7f3e-4000-7aaa-8bbb-0123456789ad' },
  sourceAddress: '192.0.2.7',
  userAgent: 'tidegate/0.1.0',
  requestId: '019a7f3e-4000-7aaa-8bbb-0123456789ae',
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  releaseId: null,
  deploymentId: '019a7f3e-4000-7aaa-8bbb-0123456789ad',
  version: 2,
  details: { module: 'orders', version: '1.4.0' },
};
