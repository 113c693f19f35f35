import { Controller } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Permission } from '../../../kernel/permission.js';
import { FAULT_KINDS } from '../../../kernel/tlog/verify-log.js';
import { Context } from '../../../platform/context.js';
import { Ctx } from '../../../platform/http/ctx.js';
import { Route } from '../../../platform/http/route.js';
import { auditLogTooLong, auditVerifying } from '../audit.errors.js';
import { VerificationService } from './verification.service.js';

const verificationOut = z
  .strictObject({
    size: z.int(),
    provenSize: z.int().meta({
      description: 'So many entries, from the first, are those of a checkpoint that was signed.',
    }),
    fault: z
      .strictObject({
        sequence: z.int().meta({ description: 'The first that is not proven.' }),
        upTo: z.int(),
        kind: z.enum(FAULT_KINDS),
        text: z.string(),
      })
      .nullable(),
    strayIds: z.array(z.string()).meta({ description: 'Entries that stand in no tree.' }),
    sinks: z.array(
      z.strictObject({
        sink: z.string(),
        isRead: z.boolean().meta({
          description:
            'False: what it has cannot be read back; that it has it is what it answered, by this database’s word.',
        }),
        checkpoints: z.int(),
        size: z
          .int()
          .meta({ description: 'Of the newest: what is younger is anchored nowhere there.' }),
        countersigned: z
          .int()
          .meta({ description: 'So many of them came back with signatures of others.' }),
        error: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'AuditVerification' });

@ApiTags('audit')
@Controller('audit-logs')
export class VerificationController {
  constructor(private readonly verification: VerificationService) {}

  @Route('GET verification', {
    access: Permission.AuditRead,
    summary: 'Verify the audit log',
    description:
      'Goes through all of it: every entry against its leaf, and the tree against its signed checkpoints and against those that places outside have kept. This server’s own word: whoever does not trust it mirrors the tiles.',
    errors: [auditLogTooLong, auditVerifying],
    answer: verificationOut,
    example: {
      response: {
        size: 1208,
        provenSize: 1208,
        fault: null,
        strayIds: [],
        sinks: [
          {
            sink: 'object-store',
            isRead: true,
            checkpoints: 31,
            size: 1190,
            countersigned: 0,
            error: null,
          },
        ],
      },
    },
  })
  verify(@Ctx() ctx: Context) {
    return this.verification.verify(ctx);
  }
}
