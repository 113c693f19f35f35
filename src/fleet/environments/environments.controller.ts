import { Body, Controller, Headers, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permission } from '../../kernel/permission.js';
import { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import { ifMatchRequired, versionMismatch } from '../../platform/http/http.errors.js';
import { etagOf, ifMatchVersion } from '../../platform/http/if-match.js';
import { pageOf } from '../../platform/http/page.js';
import { Route } from '../../platform/http/route.js';
import { environmentExists, environmentLimit, environmentNotFound } from '../fleet.errors.js';
import type { Environment } from './environment.js';
import * as dto from './environments.dto.js';
import { environmentExample as example, rulesExample } from './environments.example.js';
import { EnvironmentsService } from './environments.service.js';

const tagged = ({ version }: Environment) => ({ etag: etagOf(version) });

@ApiTags('environments')
@Controller('environments')
export class EnvironmentsController {
  constructor(private readonly environments: EnvironmentsService) {}

  @Route('GET', {
    access: Permission.EnvironmentsRead,
    summary: 'List the environments',
    description: 'All environments of the tenant, in the order in which they were made.',
    errors: [],
    answer: pageOf(dto.environmentOut),
    example: { response: { items: [example], nextCursor: null } },
  })
  list(@Ctx() ctx: Context) {
    return this.environments.list(ctx);
  }

  @Route('GET :name', {
    access: Permission.EnvironmentsRead,
    summary: 'Read an environment',
    description: 'Capitals in the name do not matter. The ETag is the version for If-Match.',
    errors: [environmentNotFound],
    answer: dto.environmentOut,
    answerHeaders: tagged,
    example: { response: example },
  })
  get(
    @Ctx() ctx: Context,
    @Param({ schema: dto.environmentParams }) { name }: dto.EnvironmentParams,
  ) {
    return this.environments.get(ctx, name);
  }

  @Route('POST', {
    access: Permission.EnvironmentsManage,
    rate: 'clusters',
    summary: 'Create an environment',
    description: 'It begins without a cluster. Its name cannot be changed later.',
    errors: [environmentExists, environmentLimit],
    answer: dto.environmentOut,
    answerHeaders: tagged,
    example: { request: { ...rulesExample, name: 'Pilot' }, response: example },
  })
  create(
    @Ctx() ctx: Context,
    @Body({ schema: dto.createEnvironmentBody }) body: dto.CreateEnvironmentBody,
    @Headers('idempotency-key') key: string | undefined,
  ) {
    return this.environments.create(ctx, body, key);
  }

  @Route('PUT :name', {
    access: Permission.EnvironmentsManage,
    rate: 'clusters',
    summary: 'Replace the rules of an environment',
    description:
      'Needs If-Match with the version that was read. Deployments that exist keep the rules they were planned with.',
    errors: [environmentNotFound, ifMatchRequired, versionMismatch],
    answer: dto.environmentOut,
    answerHeaders: tagged,
    example: { request: rulesExample, response: { ...example, version: 2 } },
  })
  replace(
    @Ctx() ctx: Context,
    @Param({ schema: dto.environmentParams }) { name }: dto.EnvironmentParams,
    @Body({ schema: dto.replaceEnvironmentBody }) rules: dto.ReplaceEnvironmentBody,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    const change = { version: ifMatchVersion(ifMatch), rules };
    return this.environments.replace(ctx, name, change);
  }
}
