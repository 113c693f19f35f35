import { Controller, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permission } from '../../../kernel/permission.js';
import { Context } from '../../../platform/context.js';
import { Ctx } from '../../../platform/http/ctx.js';
import { cursorInvalid } from '../../../platform/http/http.errors.js';
import { pageOf } from '../../../platform/http/page.js';
import { Route } from '../../../platform/http/route.js';
import { auditArchiveDamaged, auditEntryNotFound } from '../audit.errors.js';
import * as dto from './audit-logs.dto.js';
import { AuditLogsService } from './audit-logs.service.js';

const page = {
  description: 'As `GET /audit-logs` lists them, newest first.',
  access: Permission.AuditRead,
  errors: [cursorInvalid, auditArchiveDamaged],
  answer: pageOf(dto.auditEntryOut),
  example: { response: { items: [dto.exampleEntry], nextCursor: null } },
};

@ApiTags('audit')
@Controller('audit-logs')
export class AuditLogsController {
  constructor(private readonly logs: AuditLogsService) {}

  @Route('GET', {
    ...page,
    summary: 'List audit entries',
    description:
      'Newest first; filters combine. What was denied and what failed is there as well (`outcome`). What is older than `retention.audit-days` is not shown; a page that comes out of the archive may have few items, or none, and still a cursor that goes on. Reading is an entry itself: one for each person in ten minutes, with a count.',
  })
  list(@Ctx() ctx: Context, @Query({ schema: dto.auditLogsQuery }) query: dto.AuditLogsQuery) {
    return this.logs.list(ctx, query);
  }

  @Route('GET category/:category', { ...page, summary: 'List audit entries of a category' })
  ofCategory(
    @Ctx() ctx: Context,
    @Param({ schema: dto.categoryParams }) { category }: dto.CategoryParams,
    @Query({ schema: dto.someLogsQuery }) query: dto.SomeLogsQuery,
  ) {
    return this.logs.listSome(ctx, `audit-logs of ${category}`, query, { category });
  }

  @Route('GET trace/:traceId', { ...page, summary: 'List audit entries of a trace' })
  ofTrace(
    @Ctx() ctx: Context,
    @Param({ schema: dto.traceParams }) { traceId }: dto.TraceParams,
    @Query({ schema: dto.someLogsQuery }) query: dto.SomeLogsQuery,
  ) {
    return this.logs.listSome(ctx, `audit-logs of ${traceId}`, query, { traceId });
  }

  @Route('GET deployments/:deploymentId', {
    ...page,
    summary: 'List audit entries of a deployment',
  })
  ofDeployment(
    @Ctx() ctx: Context,
    @Param({ schema: dto.deploymentParams }) { deploymentId }: dto.DeploymentParams,
    @Query({ schema: dto.someLogsQuery }) query: dto.SomeLogsQuery,
  ) {
    return this.logs.listSome(ctx, `audit-logs of ${deploymentId}`, query, { deploymentId });
  }

  @Route('GET approvals/:deploymentId', {
    ...page,
    summary: 'List audit entries of a deployment’s approvals',
  })
  ofApprovals(
    @Ctx() ctx: Context,
    @Param({ schema: dto.deploymentParams }) { deploymentId }: dto.DeploymentParams,
    @Query({ schema: dto.someLogsQuery }) query: dto.SomeLogsQuery,
  ) {
    const filter = { deploymentId, category: 'approval' };
    return this.logs.listSome(ctx, `approvals of ${deploymentId}`, query, filter);
  }

  @Route('GET authentication/:username', {
    ...page,
    summary: 'List a person’s sign-ins',
    description: 'And what was tried in vain, by the name that it was tried with.',
  })
  ofPerson(
    @Ctx() ctx: Context,
    @Param({ schema: dto.usernameParams }) { username }: dto.UsernameParams,
    @Query({ schema: dto.someLogsQuery }) query: dto.SomeLogsQuery,
  ) {
    const filter = { subject: username, category: 'authentication' };
    return this.logs.listSome(ctx, `sign-ins of ${username}`, query, filter);
  }

  @Route('GET :id', {
    access: Permission.AuditRead,
    summary: 'Read an audit entry',
    description: 'By its id; `sequence` is its place in the log.',
    errors: [auditEntryNotFound, auditArchiveDamaged],
    answer: dto.auditEntryOut,
    example: { response: dto.exampleEntry },
  })
  show(@Ctx() ctx: Context, @Param({ schema: dto.entryParams }) { id }: dto.EntryParams) {
    return this.logs.show(ctx, id);
  }
}
