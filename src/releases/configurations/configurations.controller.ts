import { Body, Controller, Get, Headers, Param, Post, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { environmentNotFound } from '../../fleet/fleet.errors.js';
import { Permission } from '../../kernel/permission.js';
import type { Context } from '../../platform/context.js';
import { Allow } from '../../platform/http/access.js';
import { Ctx } from '../../platform/http/ctx.js';
import {
  cursorInvalid,
  idempotencyKeyInFlight,
  idempotencyKeyReused,
} from '../../platform/http/http.errors.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, type PageRequest, pageQuery } from '../../platform/http/page.js';
import { moduleName } from '../releases.dto.js';
import { moduleNotFound } from '../releases.errors.js';
import {
  configuration,
  type Configuration,
  configurationPage,
  environmentName,
  exampleConfiguration,
  newConfiguration,
  type NewConfiguration,
} from './configurations.dto.js';
import { ConfigurationsService } from './configurations.service.js';

@ApiTags('releases')
@Controller('modules/:name/configurations/:environment')
export class ConfigurationsController {
  constructor(private readonly configurations: ConfigurationsService) {}

  @Get()
  @Allow(Permission.ReleasesRead)
  @Operation({
    summary: 'List the configurations of a module in an environment',
    description:
      'Newest first. The first one is what the next deployment gets; every deployment keeps the one it was made with.',
    errors: [moduleNotFound, environmentNotFound, cursorInvalid],
    example: { response: { items: [exampleConfiguration], nextCursor: null } },
  })
  @ApiOkResponse({ standardSchema: configurationPage })
  list(
    @Ctx() ctx: Context,
    @Param('name', { schema: moduleName }) name: string,
    @Param('environment', { schema: environmentName }) environment: string,
    @Query({ schema: pageQuery }) query: PageRequest,
  ): Promise<Page<Configuration>> {
    return this.configurations.list(ctx, { moduleName: name, environment }, query);
  }

  @Post()
  @Allow(Permission.ReleasesCreate)
  @Operation({
    summary: 'Set the configuration of a module in an environment',
    description:
      'Adds a configuration under the next number; earlier ones never change. Its values are laid over the manifest’s defaults of whatever release is deployed next. Nothing that runs is touched. The same values as the newest ones make no new number and answer 200. Do not put secrets here: everybody who may read releases sees the values.',
    errors: [moduleNotFound, environmentNotFound, idempotencyKeyReused, idempotencyKeyInFlight],
    example: { request: { values: exampleConfiguration.values }, response: exampleConfiguration },
  })
  @ApiCreatedResponse({ standardSchema: configuration })
  @ApiOkResponse({ standardSchema: configuration })
  async create(
    @Ctx() ctx: Context,
    @Param('name', { schema: moduleName }) name: string,
    @Param('environment', { schema: environmentName }) environment: string,
    @Body({ schema: newConfiguration }) body: NewConfiguration,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Configuration> {
    const place = { moduleName: name, environment };
    const answer = await this.configurations.append(ctx, place, body, key);
    void reply.code(answer.status);
    return answer.body;
  }
}
