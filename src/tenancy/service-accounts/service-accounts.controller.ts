import { Body, Controller, Headers, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permission } from '../../kernel/permission.js';
import { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import {
  cursorInvalid,
  idempotencyKeyInFlight,
  idempotencyKeyReused,
  ifMatchRequired,
  versionMismatch,
} from '../../platform/http/http.errors.js';
import { etagOf, ifMatchVersion } from '../../platform/http/if-match.js';
import { pageOf } from '../../platform/http/page.js';
import { Route } from '../../platform/http/route.js';
import * as keyDto from '../access-keys/access-keys.dto.js';
import {
  accessKeyLimit,
  accessKeyTooWide,
  idempotencyKeyRefused,
} from '../access-keys/access-keys.errors.js';
import { quotaExceeded } from '../../kernel/quota.errors.js';
import * as dto from './service-accounts.dto.js';
import * as errors from './service-accounts.errors.js';
import { ServiceAccountsService } from './service-accounts.service.js';

const access = Permission.ServiceAccountsManage;
const { exampleServiceAccount: example } = dto;
const exampleKey = {
  ...keyDto.exampleAccessKey,
  ownerKind: 'service-account',
  ownerId: example.id,
  ownerName: example.name,
};
const request = { name: 'nightly', description: 'Deploys to QA every night' };

const tagged = ({ version }: dto.ServiceAccountView) => ({ etag: etagOf(version) });

@ApiTags('service-accounts')
@Controller('service-accounts')
export class ServiceAccountsController {
  constructor(private readonly accounts: ServiceAccountsService) {}

  @Route('GET', {
    access,
    summary: 'List service accounts',
    description: 'Newest first, the disabled ones among them.',
    errors: [cursorInvalid],
    answer: pageOf(dto.serviceAccountOut),
    example: { response: { items: [example], nextCursor: null } },
  })
  list(
    @Ctx() ctx: Context,
    @Query({ schema: dto.serviceAccountsQuery }) query: dto.ServiceAccountsQuery,
  ) {
    return this.accounts.list(ctx, query);
  }

  @Route('GET :id', {
    access,
    summary: 'Read a service account',
    description: 'The ETag is the version for If-Match.',
    errors: [errors.serviceAccountNotFound],
    answer: dto.serviceAccountOut,
    answerHeaders: tagged,
    example: { response: example },
  })
  get(
    @Ctx() ctx: Context,
    @Param({ schema: dto.serviceAccountParams }) { id }: dto.ServiceAccountParams,
  ) {
    return this.accounts.get(ctx, id);
  }

  @Route('POST', {
    access,
    summary: 'Create a service account',
    description:
      'It belongs to the tenant and outlives whoever makes it. It may do nothing until a role is bound to it, and acts by its access keys.',
    errors: [
      errors.serviceAccountExists,
      errors.serviceAccountLimit,
      idempotencyKeyReused,
      idempotencyKeyInFlight,
    ],
    answer: dto.serviceAccountOut,
    answerHeaders: tagged,
    example: { request, response: example },
  })
  create(
    @Ctx() ctx: Context,
    @Body({ schema: dto.serviceAccountRules }) rules: dto.ServiceAccountRules,
    @Headers('idempotency-key') key: string | undefined,
  ) {
    return this.accounts.create(ctx, rules, key);
  }

  @Route('PUT :id', {
    access,
    summary: 'Rename a service account',
    description: 'Needs If-Match with the version that was read. Its keys and roles stay.',
    errors: [
      errors.serviceAccountNotFound,
      errors.serviceAccountExists,
      ifMatchRequired,
      versionMismatch,
    ],
    answer: dto.serviceAccountOut,
    answerHeaders: tagged,
    example: { request, response: { ...example, version: 2 } },
  })
  replace(
    @Ctx() ctx: Context,
    @Param({ schema: dto.serviceAccountParams }) { id }: dto.ServiceAccountParams,
    @Body({ schema: dto.serviceAccountRules }) rules: dto.ServiceAccountRules,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    return this.accounts.replace(ctx, id, { version: ifMatchVersion(ifMatch), rules });
  }

  @Route('POST :id/disable', {
    access,
    summary: 'Disable a service account',
    description: 'Its keys are refused within five seconds, and are good again when it is enabled.',
    errors: [errors.serviceAccountNotFound],
    answer: dto.serviceAccountOut,
    answerHeaders: tagged,
    status: 200,
    example: { response: { ...example, disabledAt: '2026-05-05T07:00:00.000Z', version: 2 } },
  })
  disable(
    @Ctx() ctx: Context,
    @Param({ schema: dto.serviceAccountParams }) { id }: dto.ServiceAccountParams,
  ) {
    return this.accounts.disable(ctx, id);
  }

  @Route('POST :id/enable', {
    access,
    summary: 'Enable a service account',
    description: 'Those of its keys that have not ended meanwhile are good again.',
    errors: [errors.serviceAccountNotFound],
    answer: dto.serviceAccountOut,
    answerHeaders: tagged,
    status: 200,
    example: { response: { ...example, version: 3 } },
  })
  enable(
    @Ctx() ctx: Context,
    @Param({ schema: dto.serviceAccountParams }) { id }: dto.ServiceAccountParams,
  ) {
    return this.accounts.enable(ctx, id);
  }

  @Route('DELETE :id', {
    access,
    summary: 'Delete a service account',
    description: 'Its roles are taken and its keys revoked. There is no way back.',
    errors: [errors.serviceAccountNotFound],
  })
  remove(
    @Ctx() ctx: Context,
    @Param({ schema: dto.serviceAccountParams }) { id }: dto.ServiceAccountParams,
  ) {
    return this.accounts.remove(ctx, id);
  }

  @Route('GET :id/access-keys', {
    access,
    summary: 'List the keys of a service account',
    description: 'Newest first, ended ones among them for 90 days. No answer holds a key.',
    errors: [errors.serviceAccountNotFound, cursorInvalid],
    answer: pageOf(keyDto.accessKeyOut),
    example: { response: { items: [exampleKey], nextCursor: null } },
  })
  keysOf(
    @Ctx() ctx: Context,
    @Param({ schema: dto.serviceAccountParams }) { id }: dto.ServiceAccountParams,
    @Query({ schema: keyDto.accessKeysQuery }) query: keyDto.AccessKeysQuery,
  ) {
    return this.accounts.keysOf(ctx, id, query);
  }

  @Route('POST :id/access-keys', {
    access,
    proof: { isStepUp: true },
    summary: 'Make a key for a service account',
    description:
      '`secret` is shown only once. At each use the key has what it names and the roles of the account hold at that moment. It names nothing that its maker does not hold, and outlives them.',
    errors: [
      errors.serviceAccountNotFound,
      errors.serviceAccountDisabled,
      accessKeyTooWide,
      accessKeyLimit,
      quotaExceeded,
      idempotencyKeyRefused,
    ],
    answer: keyDto.createdAccessKeyOut,
    example: {
      request: { name: 'night runner', permissions: 'deploy', environments: ['QA'] },
      response: { ...exampleKey, secret: 'tg_3fR0aB1c…' },
    },
  })
  createKey(
    @Ctx() ctx: Context,
    @Param({ schema: dto.serviceAccountParams }) { id }: dto.ServiceAccountParams,
    @Body({ schema: keyDto.createAccessKeyBody }) body: keyDto.CreateAccessKeyBody,
    @Headers('idempotency-key') key: string | undefined,
  ) {
    if (key !== undefined) throw idempotencyKeyRefused();
    return this.accounts.createKey(ctx, id, body);
  }
}
