import { z } from 'zod';
import { dnsLabel, text, uuid } from '../../../kernel/text.js';
import { pageOf, pageQuery } from '../../../platform/http/page.js';

export const pendingQuery = pageQuery.extend({
  environment: text(40).optional(),
  module: dnsLabel.optional(),
  mine: z
    .enum(['true', 'false'])
    .optional()
    .meta({ description: '`true`: only those that the caller could decide now.' }),
});
export type PendingQuery = z.output<typeof pendingQuery>;

export const pendingApproval = z
  .strictObject({
    /** Of the deployment. */
    id: uuid,
    kind: z.enum(['deploy', 'rollback', 'retry']),
    moduleName: z.string(),
    version: z.string(),
    targetEnvironment: z.string(),
    cluster: z.string(),
    strategy: z.string(),
    requestNumber: z.int(),
    requestedBy: z.string(),
    askedAt: z.iso.datetime(),
    deadlineAt: z.iso.datetime(),
    subjectDigest: z.string(),
    rules: z.array(z.strictObject({ name: z.string(), quorum: z.int() })),
    approvedBy: z.array(z.string()),
  })
  .meta({ id: 'PendingApproval' });
export type PendingApproval = z.output<typeof pendingApproval>;

export const pendingPage = pageOf(pendingApproval).meta({ id: 'PendingApprovalPage' });
