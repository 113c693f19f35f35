import { Controller, Header, Res } from '@nestjs/common';
import { ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Permission } from '../../kernel/permission.js';
import { Route } from '../http/route.js';
import { Health } from './health.js';

const TEXT = 'text/plain; charset=utf-8';

const healthDetail = z
  .strictObject({
    status: z.enum(['ready', 'unready']),
    checks: z.array(
      z.strictObject({
        name: z.string(),
        status: z.enum(['ok', 'failed', 'unknown']),
        isCritical: z.boolean(),
        tookMs: z.number().nullable(),
        checkedAt: z.iso.datetime().nullable(),
        message: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'HealthDetail' });

/** Probes say one word; what exactly is wrong is for those who may know. */
@ApiTags('health')
@Controller('health')
export class HealthController {
  constructor(private readonly health: Health) {}

  @Header('content-type', TEXT)
  @ApiProduces('text/plain')
  @Route('GET live', {
    access: 'probe',
    summary: 'Is the process alive',
    description:
      'Answers `live` as long as the process can answer at all. Restart it when it does not.',
    errors: [],
    answer: { schema: { type: 'string', enum: ['live'] } },
    example: { response: 'live' },
  })
  live(): string {
    return 'live';
  }

  @ApiProduces('text/plain')
  @ApiResponse({
    status: 503,
    description: 'Not ready: the word `unready`.',
    schema: { type: 'string', enum: ['unready'] },
  })
  @Route('GET ready', {
    access: 'probe',
    summary: 'Can the process serve',
    description:
      'Answers `ready`, or `unready` with 503 while it starts, stops or lacks something it needs. The answer comes from a check that is at most a few seconds old.',
    errors: [],
    answer: { schema: { type: 'string', enum: ['ready'] } },
    example: { response: 'ready' },
  })
  async ready(@Res() reply: FastifyReply) {
    const isReady = await this.health.isReady();
    await reply
      .code(isReady ? 200 : 503)
      .type(TEXT)
      .send(isReady ? 'ready' : 'unready');
  }

  @Route('GET', {
    access: Permission.HealthRead,
    rate: 'none',
    summary: 'Health in detail',
    description:
      'Every dependency with its state, the time of its last check and how long it took.',
    errors: [],
    answer: healthDetail,
    example: {
      response: {
        status: 'ready',
        checks: [
          {
            name: 'database',
            status: 'ok',
            isCritical: true,
            tookMs: 1,
            checkedAt: '2026-01-01T12:00:00.000Z',
            message: null,
          },
        ],
      },
    },
  })
  detail(): ReturnType<Health['detail']> {
    return this.health.detail();
  }
}
