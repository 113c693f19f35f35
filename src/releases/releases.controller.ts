import { Controller, Param, Query, Req, Res, StreamableFile } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { artifactTooLarge, storageUnavailable } from '../drivers/storage/storage.errors.js';
import { Permission } from '../kernel/permission.js';
import type { Context } from '../platform/context.js';
import { Ctx } from '../platform/http/ctx.js';
import { cursorInvalid, downloadsFull, downloadsLimit } from '../platform/http/http.errors.js';
import { TakesForm } from '../platform/http/route-facts.js';
import { storageFull } from '../platform/room/room.errors.js';
import { Route } from '../platform/http/route.js';
import { quotaExceeded } from '../kernel/quota.errors.js';
import { archiveErrors, artifactMissing } from './artifacts/artifacts.errors.js';
import { ArtifactsService } from './artifacts/artifacts.service.js';
import { ReleaseIntake } from './release-intake.js';
import * as dto from './releases.dto.js';
import {
  digestMismatch,
  moduleNotFound,
  multipartMalformed,
  releaseNotFound,
  releaseVersionTaken,
  secretsNotSupported,
  signatureInvalid,
  signingKeyUnknown,
  uploadIncomplete,
  uploadsBusy,
} from './releases.errors.js';
import { ReleasesService } from './releases.service.js';

@ApiTags('releases')
@Controller('modules/:name/releases')
export class ReleasesController {
  constructor(
    private readonly intake: ReleaseIntake,
    private readonly releases: ReleasesService,
    private readonly artifacts: ArtifactsService,
  ) {}

  @TakesForm()
  @ApiConsumes('multipart/form-data')
  @ApiBody({ schema: dto.pushForm })
  @Route('POST', {
    access: Permission.ReleasesCreate,
    summary: 'Push a release',
    description:
      'Takes a form with the parts in any order; the module is made by its first release. Every entry of the archive is checked while it arrives, and nothing stays of a push that is refused. Pushing the same version with the same manifest and artifact again answers 200 with the release that is there, so a push may be repeated; other content under the same version is refused. A signature covers the releaseDigest, and with it manifest and artifact.',
    errors: [
      releaseVersionTaken,
      signatureInvalid,
      signingKeyUnknown,
      digestMismatch,
      secretsNotSupported,
      artifactTooLarge,
      multipartMalformed,
      uploadIncomplete,
      uploadsBusy,
      quotaExceeded,
      storageFull,
      storageUnavailable,
      ...archiveErrors,
    ],
    answer: dto.release,
    isRepeatable: true,
    header: {
      name: 'X-Artifact-Digest',
      description: 'What the artifact must hash to; the same as the part expectedArtifactDigest.',
    },
    example: {
      request: dto.examplePush,
      response: { ...dto.exampleRelease, manifest: dto.exampleManifest },
    },
  })
  async push(
    @Ctx() ctx: Context,
    @Param('name', { schema: dto.moduleName }) name: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const pushed = await this.intake.push(ctx, name, request);
    void reply.code(pushed.isNew ? 201 : 200);
    return pushed.release;
  }

  @Route('GET', {
    access: Permission.ReleasesRead,
    summary: 'List the releases of a module',
    description: 'Newest first, without their manifests.',
    errors: [moduleNotFound, cursorInvalid],
    answer: dto.releasePage,
    example: { response: { items: [dto.exampleRelease], nextCursor: null } },
  })
  list(
    @Ctx() ctx: Context,
    @Param('name', { schema: dto.moduleName }) name: string,
    @Query({ schema: dto.releasesQuery }) query: dto.ReleasesQuery,
  ) {
    return this.releases.list(ctx, name, query);
  }

  @Route('GET :version', {
    access: Permission.ReleasesRead,
    summary: 'Read a release',
    description: 'With its manifest, in which every default is written out.',
    errors: [moduleNotFound, releaseNotFound],
    answer: dto.release,
    example: { response: { ...dto.exampleRelease, manifest: dto.exampleManifest } },
  })
  get(
    @Ctx() ctx: Context,
    @Param('name', { schema: dto.moduleName }) name: string,
    @Param('version', { schema: dto.versionInPath }) version: string,
  ) {
    return this.releases.get(ctx, name, version);
  }

  @ApiProduces('application/gzip')
  @Route('GET :version/artifact', {
    access: Permission.ReleasesRead,
    summary: 'Download the artifact of a release',
    description:
      'The .tar.gz as it was pushed. Compare what arrives with the header X-Artifact-Digest.',
    errors: [
      moduleNotFound,
      releaseNotFound,
      artifactMissing,
      quotaExceeded,
      downloadsLimit,
      downloadsFull,
      storageFull,
      storageUnavailable,
    ],
    answer: {
      content: { 'application/gzip': { schema: { type: 'string', format: 'binary' } } },
      headers: { 'X-Artifact-Digest': { schema: { type: 'string' } } },
    },
  })
  async artifact(
    @Ctx() ctx: Context,
    @Param('name', { schema: dto.moduleName }) name: string,
    @Param('version', { schema: dto.versionInPath }) version: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const found = await this.releases.forDownload(ctx, name, version);
    const stream = await this.artifacts.open(ctx, found.artifactDigest);
    void reply.headers({
      'x-artifact-digest': found.artifactDigest,
      etag: `"${found.artifactDigest}"`,
    });
    return new StreamableFile(stream, {
      type: 'application/gzip',
      length: found.artifactBytes,
      disposition: `attachment; filename="${name}-${version}.tar.gz"`,
    });
  }
}
