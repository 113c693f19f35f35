import { Controller, Header, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permission } from '../../../kernel/permission.js';
import { uuid } from '../../../kernel/text.js';
import { Context } from '../../../platform/context.js';
import { Ctx } from '../../../platform/http/ctx.js';
import { Route } from '../../../platform/http/route.js';
import { deploymentNotFound } from '../../../deployments/deployment.errors.js';
import {
  receiptContradicted,
  receiptNotYet,
  receiptTooLong,
  receiptUnavailable,
  receiptUnsealed,
} from './receipt.errors.js';
import { ReceiptsService } from './receipts.service.js';

@ApiTags('audit')
@Controller('deployments')
export class ReceiptsController {
  constructor(private readonly receipts: ReceiptsService) {}

  @Header('content-type', 'application/json; charset=utf-8')
  @Route('GET :id/receipt', {
    access: Permission.DeploymentsRead,
    summary: 'Read the receipt of a deployment',
    description:
      'Of one that has ended: what was deployed where, who asked, who approved, what gates said and how it ended, signed by the key of the audit log, with the entries that say so and their proofs. `npx tidegate receipt verify` checks it without this server. 409 with `Retry-After` until there is one.',
    errors: [
      deploymentNotFound,
      receiptNotYet,
      receiptUnsealed,
      receiptUnavailable,
      receiptTooLong,
      receiptContradicted,
    ],
    answer: {
      description: 'The file, of format `tidegate-receipt/1` (docs/audit.md).',
      content: { 'application/json': { schema: { type: 'object', additionalProperties: true } } },
    },
    example: {
      response: {
        format: 'tidegate-receipt/1',
        origin: 'tidegate/audit/019a7f3e-4000-7aaa-8bbb-0123456789aa',
      },
    },
  })
  receipt(@Ctx() ctx: Context, @Param('id', { schema: uuid }) id: string) {
    return this.receipts.issue(ctx, id);
  }
}
