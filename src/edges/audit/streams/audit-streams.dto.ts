import { z } from 'zod';
import { limits } from '../../../kernel/limits.js';
import { text, uuid } from '../../../kernel/text.js';
import { AUDIT_CATEGORIES } from '../../../platform/audit/audit-record.js';
import type { AnswerOf } from '../../../platform/http/answer.js';
import { pageQuery } from '../../../platform/http/page.js';
import { STREAM_FORMATS } from './stream-format.js';

const rules = {
  name: text(63)
    .min(1)
    .regex(/^[^\p{C}]+$/u, 'must be one line without control characters')
    .meta({ example: 'siem' }),
  url: text(limits.outboundUrlCharacters).min(1).meta({
    description:
      'Where to post: https on port 443 or 8443, unless the operator has opened the host. It is shown again, so it must hold no secret.',
    example: 'https://siem.example.com/tidegate',
  }),
  categories: z
    .array(z.enum(AUDIT_CATEGORIES))
    .min(1)
    .max(AUDIT_CATEGORIES.length)
    .refine((list) => new Set(list).size === list.length, 'must name each once')
    .nullable()
    .meta({ description: 'Only entries of these; null: all of them.' }),
};

const authorization = text(1_000).regex(
  /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/,
  'must be printable ASCII',
);

export const createStreamBody = z
  .strictObject({
    ...rules,
    categories: rules.categories.default(null),
    format: z.enum(STREAM_FORMATS).meta({
      description:
        '`ocsf`: a JSON array of OCSF events. `tidegate`: JSON lines with what is hashed of each entry, and checkpoints, so that the receiver can check the log.',
    }),
    start: z.enum(['now', 'beginning']).default('now').meta({
      description: 'From the next entry on, or from the first that the log has.',
    }),
    authorization: authorization.optional().meta({
      description:
        'Sent as the header `Authorization`, for receivers that ask for one. Sealed at once and never answered.',
    }),
  })
  .meta({ id: 'CreateAuditStream' });
export type CreateStreamBody = z.output<typeof createStreamBody>;

export const replaceStreamBody = z
  .strictObject({
    ...rules,
    authorization: authorization.nullable().optional().meta({
      description:
        'Absent: it stays as it is, unless the stream leads to another place. Null: none is sent.',
    }),
  })
  .meta({ id: 'ReplaceAuditStream' });
export type ReplaceStreamBody = z.output<typeof replaceStreamBody>;

export const rotateStreamBody = z
  .strictObject({
    overlapMinutes: z
      .int()
      .min(0)
      .max(7 * 24 * 60)
      .default(24 * 60)
      .meta({ description: 'For how long deliveries are signed with the secret before as well.' }),
  })
  .meta({ id: 'RotateAuditStreamSecret' });
export type RotateStreamBody = z.output<typeof rotateStreamBody>;

export const streamParams = z.strictObject({ id: uuid });
export type StreamParams = z.output<typeof streamParams>;
export const streamsQuery = pageQuery;
export type StreamsQuery = z.output<typeof streamsQuery>;

export const auditStreamOut = z
  .strictObject({
    id: z.uuid(),
    name: z.string(),
    url: z.string(),
    format: z.enum(STREAM_FORMATS),
    categories: z.array(z.string()).nullable(),
    isPaused: z.boolean(),
    hasAuthorization: z.boolean(),
    previousSecretUntil: z.iso.datetime().nullable().meta({
      description: 'Until then it signs with the secret before the last rotation as well.',
    }),
    position: z.int().meta({ description: 'The sequence that is looked at next.' }),
    lastDeliveredSequence: z.int().nullable().meta({
      description: 'What the receiver has taken ends with it. Null: nothing was sent yet.',
    }),
    lastDeliveredAt: z.iso.datetime().nullable(),
    behind: z.int().meta({ description: 'So many sealed entries have not been looked at.' }),
    behindSince: z.iso.datetime().nullable().meta({ description: 'Null: it has caught up.' }),
    failures: z.int().meta({ description: 'Attempts in vain since the last that was taken.' }),
    lastError: z.string().nullable(),
    nextTryAt: z.iso.datetime().nullable().meta({
      description: 'Not before then; null while it is paused.',
    }),
    version: z.int(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'AuditStream' });
export type AuditStreamView = AnswerOf<typeof auditStreamOut>;

export const createdAuditStreamOut = auditStreamOut
  .extend({
    signingSecret: z.string().meta({
      description: 'By which the receiver checks signatures. Shown only once.',
    }),
  })
  .meta({ id: 'CreatedAuditStream' });

export const exampleStream = {
  id: '019a7f3e-b000-7aaa-8bbb-0123456789ab',
  name: 'siem',
  url: 'https://siem.example.com/tidegate',
  format: 'ocsf' as const,
  categories: null,
  isPaused: false,
  hasAuthorization: false,
  previousSecretUntil: null,
  position: 1208,
  lastDeliveredSequence: 1207,
  lastDeliveredAt: '2026-11-30T10:15:01.000Z',
  behind: 0,
  behindSince: null,
  failures: 0,
  lastError: null,
  nextTryAt: '2026-11-30T10:15:01.000Z',
  version: 1,
  createdAt: '2026-11-30T09:12:33.000Z',
};

export const exampleSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=';
