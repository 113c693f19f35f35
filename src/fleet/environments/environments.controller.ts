import { Body, Controller, Get, Headers, Param, Post, Put, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Permission } from '../../kernel/permission.js';
import { Context } from '../../platform/context.js';
import { Allow } from '../../platform/http/access.js';
import { Ctx } from '../../platform/http/ctx.js';
import { ifMatchRequired, versionMismatch } from '../../platform/http/http.errors.js';
import { etagOf, ifMatchVersion } from '../../platform/http/if-match.js';
import { Operation } from '../../platform/http/operation.js';
import { pageOf, type Page } from '../../platform/http/page.js';
import { environmentExists, environmentLimit, environmentNotFound } from '../fleet.errors.js';
import type { Environment } from './environment.js';
import {
  createEnvironmentBody,
  environmentOut,
  environmentParams,
  replaceEnvironmentBody,
  type CreateEnvironmentBody,
  type EnvironmentParams,
  type ReplaceEnvironmentBody,
} from './environments.dto.js';
import { EnvironmentsService } from './environments.service.js';

const exampleRules = {
  defaults: {
    strategy: { kind: 'canary', wavesPercent: [10, 30, 50, 100] },
    gate: { kind: 'stabilization' },
  },
  allowedStrategies: ['canary'],
  signaturePolicy: 'required',
  onConflict: 'queue',
  maxInFlight: 20,
};
const example = {
  id: '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f',
  name: 'Production',
  ...exampleRules,
  version: 1,
  createdAt: '2026-01-05T08:00:00.000Z',
};

@ApiTags('environments')
@Controller('environments')
export class EnvironmentsController {
  constructor(private readonly environments: EnvironmentsService) {}

  @Get()
  @Allow(Permission.EnvironmentsRead)
  @Operation({
    summary: 'List the environments',
    description: 'All environments of the tenant, in the order in which they were made.',
    errors: [],
    example: { response: { items: [example], nextCursor: null } },
  })
  @ApiOkResponse({ standardSchema: pageOf(environmentOut) })
  list(@Ctx() ctx: Context): Promise<Page<Environment>> {
    return this.environments.list(ctx);
  }

  @Get(':name')
  @Allow(Permission.EnvironmentsRead)
  @Operation({
    summary: 'Read an environment',
    description: 'Capitals in the name do not matter. The ETag is the version for If-Match.',
    errors: [environmentNotFound],
    example: { response: example },
  })
  @ApiOkResponse({ standardSchema: environmentOut })
  async get(
    @Ctx() ctx: Context,
    @Param({ schema: environmentParams }) { name }: EnvironmentParams,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Environment> {
    return tagged(reply, await this.environments.get(ctx, name));
  }

  @Post()
  @Allow(Permission.EnvironmentsManage)
  @Operation({
    summary: 'Create an environment',
    description: 'It begins without a cluster. Its name cannot be changed later.',
    errors: [environmentExists, environmentLimit],
    example: { request: { ...exampleRules, name: 'Pilot' }, response: example },
  })
  @ApiCreatedResponse({ standardSchema: environmentOut })
  async create(
    @Ctx() ctx: Context,
    @Body({ schema: createEnvironmentBody }) body: CreateEnvironmentBody,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Environment> {
    return tagged(reply, await this.environments.create(ctx, body, key));
  }

  @Put(':name')
  @Allow(Permission.EnvironmentsManage)
  @Operation({
    summary: 'Replace the rules of an environment',
    description:
      'Needs If-Match with the version that was read. Deployments that exist keep the rules they were planned with.',
    errors: [environmentNotFound, ifMatchRequired, versionMismatch],
    example: { request: exampleRules, response: { ...example, version: 2 } },
  })
  @ApiOkResponse({ standardSchema: environmentOut })
  async replace(
    @Ctx() ctx: Context,
    @Param({ schema: environmentParams }) { name }: EnvironmentParams,
    @Body({ schema: replaceEnvironmentBody }) rules: ReplaceEnvironmentBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Environment> {
    const change = { version: ifMatchVersion(ifMatch), rules };
    return tagged(reply, await this.environments.replace(ctx, name, change));
  }
}

function tagged(reply: FastifyReply, environment: Environment): Environment {
  void reply.header('etag', etagOf(environment.version));
  return environment;
}
