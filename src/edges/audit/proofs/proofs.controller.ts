import { Controller, Header, Param, Query, StreamableFile } from '@nestjs/common';
import { ApiProduces, ApiTags } from '@nestjs/swagger';
import { Permission } from '../../../kernel/permission.js';
import { Context } from '../../../platform/context.js';
import { Ctx } from '../../../platform/http/ctx.js';
import { cursorInvalid } from '../../../platform/http/http.errors.js';
import { pageOf } from '../../../platform/http/page.js';
import { Route } from '../../../platform/http/route.js';
import {
  auditEntryNotFound,
  auditEntryUnsealed,
  auditLogEmpty,
  auditSizeUnknown,
  auditTileNotFound,
} from '../audit.errors.js';
import * as logs from '../entries/audit-logs.dto.js';
import * as dto from './proofs.dto.js';
import { ProofsService } from './proofs.service.js';

const TEXT = 'text/plain; charset=utf-8';
const BYTES = 'application/octet-stream';
const asText = (description: string, example: string) => ({
  description,
  content: { 'text/plain': { schema: { type: 'string' as const }, example } },
});
const NOTE = `tidegate.example.com/0199a3c2-7d1e-7c4a-9d55-0f6f3b1c2a10
3
X2iT8lOSXMVt5fY3fcBxQWjYV1Z2dX5b4yxWIEHEKJg=

\u2014 tidegate.example.com/0199a3c2-7d1e-7c4a-9d55-0f6f3b1c2a10 …
`;
const tile = {
  access: Permission.AuditRead,
  summary: 'Read a tile of the tree',
  description:
    'C2SP tlog-tiles, with the bytes of `checkpoint` beside: `tile/<level>/<n>`, `tile/entries/<n>`, and `.p/<width>` for one that is not full.',
  errors: [auditTileNotFound],
  answer: {
    description: 'Hashes, or entries.',
    content: { [BYTES]: { schema: { type: 'string' as const, format: 'binary' } } },
  },
  example: {},
};

@ApiTags('audit')
@Controller('audit-logs')
export class ProofsController {
  constructor(private readonly proofs: ProofsService) {}

  @Route('GET key', {
    access: Permission.AuditRead,
    summary: 'Read the key of the audit log',
    description: 'With it anybody can check checkpoints and proofs, without this server.',
    errors: [],
    answer: dto.keyOut,
    example: {
      response: {
        origin: 'tidegate/audit/019a7f3e-4000-7aaa-8bbb-0123456789aa',
        key: 'tidegate/audit/019a7f3e-4000-7aaa-8bbb-0123456789aa+848d8327+AZ…',
      },
    },
  })
  key(@Ctx() ctx: Context) {
    return this.proofs.keyOf(ctx);
  }

  @ApiProduces('text/plain')
  @Header('content-type', TEXT)
  @Route('GET checkpoint', {
    access: Permission.AuditRead,
    summary: 'Read the newest checkpoint',
    description: 'Size and root of the tree, as a signed note (C2SP tlog-checkpoint).',
    errors: [auditLogEmpty],
    answer: asText('The note.', NOTE),
    example: {},
  })
  checkpoint(@Ctx() ctx: Context) {
    return this.proofs.checkpoint(ctx);
  }

  @Route('GET checkpoints', {
    access: Permission.AuditRead,
    summary: 'List checkpoints',
    description:
      'Newest first: one for each time that entries were sealed, and where each is anchored.',
    errors: [cursorInvalid],
    answer: pageOf(dto.checkpointOut),
    example: { response: { items: [dto.exampleCheckpoint], nextCursor: null } },
  })
  checkpoints(
    @Ctx() ctx: Context,
    @Query({ schema: dto.checkpointsQuery }) query: dto.CheckpointsQuery,
  ) {
    return this.proofs.checkpoints(ctx, query);
  }

  @Route('GET consistency', {
    access: Permission.AuditRead,
    summary: 'Prove that the log only grew',
    description: 'From one size to another (RFC 6962 section 2.1.2).',
    errors: [auditLogEmpty, auditSizeUnknown],
    answer: dto.consistencyOut,
    example: {
      response: { from: 2, to: 3, proof: ['X2iT8lOSXMVt5fY3fcBxQWjYV1Z2dX5b4yxWIEHEKJg='] },
    },
  })
  consistency(
    @Ctx() ctx: Context,
    @Query({ schema: dto.consistencyQuery }) { from, to }: dto.ConsistencyQuery,
  ) {
    return this.proofs.consistency(ctx, from, to);
  }

  @ApiProduces(BYTES)
  @Route('GET tile/:level/:a', tile)
  tile(@Ctx() ctx: Context, @Param({ schema: dto.tileParams }) { level, a }: dto.TileParams) {
    return this.bytes(ctx, level, [a]);
  }

  @ApiProduces(BYTES)
  @Route('GET tile/:level/:a/:b', tile)
  tile2(@Ctx() ctx: Context, @Param({ schema: dto.tileParams2 }) { level, a, b }: dto.TileParams2) {
    return this.bytes(ctx, level, [a, b]);
  }

  @ApiProduces(BYTES)
  @Route('GET tile/:level/:a/:b/:c', tile)
  tile3(
    @Ctx() ctx: Context,
    @Param({ schema: dto.tileParams3 }) { level, a, b, c }: dto.TileParams3,
  ) {
    return this.bytes(ctx, level, [a, b, c]);
  }

  @ApiProduces(BYTES)
  @Route('GET tile/:level/:a/:b/:c/:d', tile)
  tile4(
    @Ctx() ctx: Context,
    @Param({ schema: dto.tileParams4 }) { level, a, b, c, d }: dto.TileParams4,
  ) {
    return this.bytes(ctx, level, [a, b, c, d]);
  }

  @ApiProduces('text/plain')
  @Header('content-type', TEXT)
  @Route('GET :id/proof', {
    access: Permission.AuditRead,
    summary: 'Prove an audit entry',
    description:
      'A C2SP tlog-proof file, with the entry in it and nothing of any other: whoever has the key checks it without this server.',
    errors: [auditEntryNotFound, auditEntryUnsealed],
    answer: asText('The file.', `c2sp.org/tlog-proof@v1\nindex 2\n…\n\n${NOTE}`),
    example: {},
  })
  proof(@Ctx() ctx: Context, @Param({ schema: logs.entryParams }) { id }: logs.EntryParams) {
    return this.proofs.proof(ctx, id);
  }

  private async bytes(
    ctx: Context,
    level: string,
    parts: readonly string[],
  ): Promise<StreamableFile> {
    const bytes = await this.proofs.tile(ctx, level, parts);
    return new StreamableFile(bytes, { type: BYTES, length: bytes.length });
  }
}
