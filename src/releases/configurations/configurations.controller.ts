import { Body, Controller, Headers, Param, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { environmentNotFound } from '../../fleet/fleet.errors.js';
import { Permission } from '../../kernel/permission.js';
import type { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import {
  cursorInvalid,
  idempotencyKeyInFlight,
  idempotencyKeyReused,
} from '../../platform/http/http.errors.js';
import { type PageRequest, pageQuery } from '../../platform/http/page.js';
import { Route } from '../../platform/http/route.js';
import { moduleName } from '../releases.dto.js';
import { moduleNotFound } from '../releases.errors.js';
import * as dto from './configurations.dto.js';
import { ConfigurationsService } from './configurations.service.js';

@ApiTags('releases')
@Controller('modules/:name/configurations/:environment')
export class ConfigurationsController {
  constructor(private readonly configurations: ConfigurationsService) {}

  @Route('GET', {
    access: Permission.ConfigurationsRead,
    summary: 'List the configurations of a module in an environment',
    description:
      'Newest first. The first one is what the next deployment gets; every deployment keeps the one it was made with.',
    errors: [moduleNotFound, environmentNotFound, cursorInvalid],
    answer: dto.configurationPage,
    example: { response: { items: [dto.exampleConfiguration], nextCursor: null } },
  })
  list(
    @Ctx() ctx: Context,
    @Param('name', { schema: moduleName }) name: string,
    @Param('environment', { schema: dto.environmentName }) environment: string,
    @Query({ schema: pageQuery }) query: PageRequest,
  ) {
    return this.configurations.list(ctx, { moduleName: name, environment }, query);
  }

  @Route('POST', {
    access: Permission.ConfigurationsCreate,
    summary: 'Set the configuration of a module in an environment',
    description:
      'Adds a configuration under the next number; earlier ones never change. Its values are laid over the manifest’s defaults of whatever release is deployed next. Nothing that runs is touched. The same values as the newest ones make no new number and answer 200. Do not put secrets here: everybody who may read releases sees the values.',
    errors: [moduleNotFound, environmentNotFound, idempotencyKeyReused, idempotencyKeyInFlight],
    answer: dto.configuration,
    isRepeatable: true,
    example: {
      request: { values: dto.exampleConfiguration.values },
      response: dto.exampleConfiguration,
    },
  })
  async create(
    @Ctx() ctx: Context,
    @Param('name', { schema: moduleName }) name: string,
    @Param('environment', { schema: dto.environmentName }) environment: string,
    @Body({ schema: dto.newConfiguration }) body: dto.NewConfiguration,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const place = { moduleName: name, environment };
    const answer = await this.configurations.append(ctx, place, body, key);
    void reply.code(answer.status);
    return answer.body;
  }
}
