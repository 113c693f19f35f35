import { Controller, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { manifestSchema } from '../agent/protocol/manifest.js';
import { Permission } from '../kernel/permission.js';
import type { Context } from '../platform/context.js';
import { Ctx } from '../platform/http/ctx.js';
import { cursorInvalid } from '../platform/http/http.errors.js';
import { Route } from '../platform/http/route.js';
import * as dto from './releases.dto.js';
import { moduleNotFound } from './releases.errors.js';
import { ReleasesService } from './releases.service.js';

const exampleModule = {
  id: '019a7f3e-4000-7aaa-8bbb-0123456789ab',
  name: dto.exampleRelease.moduleName,
  createdAt: dto.exampleRelease.createdAt,
  newestRelease: {
    id: dto.exampleRelease.id,
    version: dto.exampleRelease.version,
    createdAt: dto.exampleRelease.createdAt,
  },
};

@ApiTags('releases')
@Controller()
export class ModulesController {
  private readonly schema = publishedManifestSchema();

  constructor(private readonly releases: ReleasesService) {}

  @Route('GET modules', {
    access: Permission.ReleasesRead,
    summary: 'List modules',
    description: 'Newest first, or as `sort` says, each with its newest release.',
    errors: [cursorInvalid],
    answer: dto.modulePage,
    example: { response: { items: [exampleModule], nextCursor: null } },
  })
  list(@Ctx() ctx: Context, @Query({ schema: dto.modulesQuery }) query: dto.ModulesQuery) {
    return this.releases.modules(ctx, query);
  }

  @Route('GET modules/:name', {
    access: Permission.ReleasesRead,
    summary: 'Read a module',
    description: 'With its newest release.',
    errors: [moduleNotFound],
    answer: dto.module,
    example: { response: exampleModule },
  })
  get(@Ctx() ctx: Context, @Param('name', { schema: dto.moduleName }) name: string) {
    return this.releases.module(ctx, name);
  }

  @Route('GET schemas/manifest', {
    access: 'public',
    summary: 'The JSON Schema of a manifest',
    description: 'For editors and for tools that check a manifest before it is pushed.',
    errors: [],
    answer: dto.releaseManifestSchema,
    example: {
      response: { $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object' },
    },
  })
  manifestSchema(): Record<string, unknown> {
    return this.schema;
  }
}

/** What a client may send: fields with a default are optional. Flat, as editors like it. */
function publishedManifestSchema(): Record<string, unknown> {
  const { $schema, $defs } = z.toJSONSchema(manifestSchema, {
    io: 'input',
    // zod's name for a check is no format that a validator knows.
    override: ({ jsonSchema }) => {
      if (jsonSchema.format === 'starts_with') delete jsonSchema.format;
    },
  });
  return { $schema, ...$defs?.['Manifest'] };
}
