import { Body, Controller, Headers, Param, Query, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Permission } from '../../kernel/permission.js';
import { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import {
  cursorInvalid,
  ifMatchRequired,
  peopleOnly,
  stepUpRequired,
  versionMismatch,
} from '../../platform/http/http.errors.js';
import { etagOf, ifMatchVersion } from '../../platform/http/if-match.js';
import { Route } from '../../platform/http/route.js';
import { environmentNotFound } from '../fleet.errors.js';
import * as dto from './settings.dto.js';
import {
  settingMayOnlyTighten,
  settingNotFound,
  settingScopeUnsuitable,
  settingVetoed,
} from './settings.errors.js';
import { changeExample, settingExample, summaryExample } from './settings.example.js';
import { SettingsService } from './settings.service.js';

const tagged = ({ version }: { readonly version: number }) => ({ etag: etagOf(version) });

const reading = [settingNotFound, settingScopeUnsuitable, environmentNotFound];
const changing = [
  ...reading,
  ifMatchRequired,
  versionMismatch,
  settingVetoed,
  peopleOnly,
  stepUpRequired,
];

@ApiTags('settings')
@Controller('settings')
export class SettingsController {
  constructor(private readonly settings: SettingsService) {}

  @Route('GET', {
    access: Permission.SettingsRead,
    summary: 'List the settings',
    description:
      'What counts for the tenant, or in one of its environments, and where it comes from; by key, all at once. In the reserved tenant: for all tenants.',
    errors: [settingScopeUnsuitable, environmentNotFound],
    answer: dto.settingPage,
    example: { response: { items: [summaryExample], nextCursor: null } },
  })
  list(@Ctx() ctx: Context, @Query({ schema: dto.listQuery }) query: dto.ListQuery) {
    return this.settings.list(ctx, query);
  }

  @Route('GET :key', {
    access: Permission.SettingsRead,
    summary: 'Read a setting',
    description:
      'The value that counts, where it comes from, and every level above at which something is set. The ETag is the version of the level that was asked for, for If-Match.',
    errors: reading,
    answer: dto.settingOut,
    answerHeaders: tagged,
    example: { response: settingExample },
  })
  get(
    @Ctx() ctx: Context,
    @Param({ schema: dto.settingParams }) { key }: dto.SettingParams,
    @Query({ schema: dto.levelQuery }) query: dto.LevelQuery,
  ) {
    return this.settings.get(ctx, key, query);
  }

  @Route('PUT :key', {
    access: Permission.SettingsManage,
    summary: 'Set a setting at a level',
    description:
      'Needs If-Match with the version of that level that was read, 0 where nothing was ever set. It counts in every process within a second; what was planned before keeps what it was planned with. The level `tenant` needs the permission without a scope, `platform` needs `platform-settings:manage`. What protects less than before needs a proof, not older than five minutes, that it is you.',
    errors: [...changing, settingMayOnlyTighten],
    answer: dto.settingOut,
    answerHeaders: tagged,
    example: {
      request: { value: 10, reason: 'A dashboard for each of us.' },
      response: settingExample,
    },
  })
  set(
    @Ctx() ctx: Context,
    @Param({ schema: dto.settingParams }) { key }: dto.SettingParams,
    @Query({ schema: dto.levelQuery }) asked: dto.LevelQuery,
    @Body({ schema: dto.putSettingBody }) { value, reason }: dto.PutSettingBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Req() { signedIn }: FastifyRequest,
  ) {
    const change = { key, asked, version: ifMatchVersion(ifMatch), reason: reason ?? null };
    return this.settings.set(ctx, { ...change, signedIn: signedIn ?? null }, value);
  }

  @Route('DELETE :key', {
    access: Permission.SettingsManage,
    summary: 'Take a setting back at a level',
    description:
      'The level above counts from then on. If-Match, permissions and proof are as for PUT. Where nothing is set, nothing happens.',
    errors: changing,
    answer: dto.settingOut,
    answerHeaders: tagged,
    example: { response: settingExample },
  })
  unset(
    @Ctx() ctx: Context,
    @Param({ schema: dto.settingParams }) { key }: dto.SettingParams,
    @Query({ schema: dto.levelQuery }) asked: dto.LevelQuery,
    @Headers('if-match') ifMatch: string | undefined,
    @Req() { signedIn }: FastifyRequest,
  ) {
    const change = { key, asked, version: ifMatchVersion(ifMatch), reason: null };
    return this.settings.unset(ctx, { ...change, signedIn: signedIn ?? null });
  }

  @Route('GET :key/history', {
    access: Permission.SettingsRead,
    summary: 'Read the change log of a setting',
    description:
      'Each change that there ever was at the levels of the tenant, newest first: who, when, from what to what, and why.',
    errors: [...reading, cursorInvalid],
    answer: dto.settingChangePage,
    example: { response: { items: [changeExample], nextCursor: null } },
  })
  history(
    @Ctx() ctx: Context,
    @Param({ schema: dto.settingParams }) { key }: dto.SettingParams,
    @Query({ schema: dto.historyQuery }) query: dto.HistoryQuery,
  ) {
    return this.settings.history(ctx, key, query);
  }
}
