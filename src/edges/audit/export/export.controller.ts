import { Controller, Query, StreamableFile } from '@nestjs/common';
import { ApiProduces, ApiTags } from '@nestjs/swagger';
import { Permission } from '../../../kernel/permission.js';
import { Context } from '../../../platform/context.js';
import { Ctx } from '../../../platform/http/ctx.js';
import { downloadsFull, downloadsLimit } from '../../../platform/http/http.errors.js';
import { Route } from '../../../platform/http/route.js';
import {
  auditEntryNotFound,
  auditExportUnclear,
  auditLogEmpty,
  auditSizeUnknown,
} from '../audit.errors.js';
import * as dto from './export.dto.js';
import { ExportService } from './export.service.js';

const LINES = 'application/x-ndjson';
const EXAMPLE = `{"format":"tidegate-audit-export/1","origin":"tidegate/audit/019a7f3e-4000-7aaa-8bbb-0123456789aa","from":0,"edge":[],"size":1208,"checkpoint":"…"}
{"sequence":0,"leaf":"{…}","personal":{"/actor/name":{"value":"lea","salt":"…"}},"hash":"…"}
{"end":1208,"next":null}
`;

@ApiTags('audit')
@Controller('audit-logs')
export class ExportController {
  constructor(private readonly exports: ExportService) {}

  @ApiProduces(LINES)
  @Route('GET export', {
    access: Permission.AuditRead,
    summary: 'Export the audit log',
    description:
      'JSON lines, in the order of the log, from any sequence to a checkpoint: `npx tidegate audit verify --file` proves them without this server. What does not end with the line `end` was cut off. With filters, the entries that `GET /audit-logs` lists, newest first, each with its own proof. Every export is an entry of the log.',
    errors: [
      auditLogEmpty,
      auditSizeUnknown,
      auditEntryNotFound,
      auditExportUnclear,
      downloadsLimit,
      downloadsFull,
    ],
    answer: {
      description: 'The lines.',
      content: { [LINES]: { schema: { type: 'string' }, example: EXAMPLE } },
    },
    example: {},
  })
  async export(@Ctx() ctx: Context, @Query({ schema: dto.exportQuery }) query: dto.ExportQuery) {
    const stream = await this.exports.open(ctx, query);
    const disposition = `attachment; filename="audit-${ctx.tenantId}.jsonl"`;
    return new StreamableFile(stream, { type: LINES, disposition });
  }
}
