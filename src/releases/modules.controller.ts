import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { manifestSchema } from '../agent/protocol/manifest.js';
import { Permission } from '../kernel/permission.js';
import type { Context } from '../platform/context.js';
import { Allow, Public } from '../platform/http/access.js';
import { Ctx } from '../platform/http/ctx.js';
import { cursorInvalid } from '../platform/http/http.errors.js';
import { Operation } from '../platform/http/operation.js';
import { type Page, type PageRequest, pageQuery } from '../platform/http/page.js';
import {
  exampleRelease,
  module,
  type Module,
  moduleName,
  modulePage,
  releaseManifestSchema,
} from './releases.dto.js';
import { moduleNotFound } from './releases.errors.js';
import { ReleasesReader } from './releases.reader.js';

const exampleModule = {
  id: '019a7f3e-4000-7aaa-8bbb-0123456789ab',
  name: exampleRelease.moduleName,
  createdAt: exampleRelease.createdAt,
  newestRelease: {
    id: exampleRelease.id,
    version: exampleRelease.version,
    createdAt: exampleRelease.createdAt,
  },
};

@ApiTags('releases')
@Controller()
export class ModulesController {
  private readonly schema = publishedManifestSchema();

  constructor(private readonly releases: ReleasesReader) {}

  @Get('modules')
  @Allow(Permission.ReleasesRead)
  @Operation({
    summary: 'List modules',
    description: 'Newest first, each with its newest release.',
    errors: [cursorInvalid],
    example: { response: { items: [exampleModule], nextCursor: null } },
  })
  @ApiOkResponse({ standardSchema: modulePage })
  list(
    @Ctx() ctx: Context,
    @Query({ schema: pageQuery }) query: PageRequest,
  ): Promise<Page<Module>> {
    return this.releases.modules(ctx, query);
  }

  @Get('modules/:name')
  @Allow(Permission.ReleasesRead)
  @Operation({
    summary: 'Read a module',
    description: 'With its newest release.',
    errors: [moduleNotFound],
    example: { response: exampleModule },
  })
  @ApiOkResponse({ standardSchema: module })
  get(@Ctx() ctx: Context, @Param('name', { schema: moduleName }) name: string): Promise<Module> {
    return this.releases.module(ctx, name);
  }

  @Get('schemas/manifest')
  @Public()
  @Operation({
    summary: 'The JSON Schema of a manifest',
    description: 'For editors and for tools that check a manifest before it is pushed.',
    errors: [],
    example: {
      response: { $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object' },
    },
  })
  @ApiOkResponse({ standardSchema: releaseManifestSchema })
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
