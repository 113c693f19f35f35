import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Permission } from '../kernel/permission.js';
import type { Context } from '../platform/context.js';
import { ArtifactsService } from './artifacts/artifacts.service.js';
import { readReleaseUpload, UPLOAD_IDLE_MS } from './release-upload.js';
import { type Pushed, ReleasesService } from './releases.service.js';

/** From a request with a form to a release: between the two, the upload is taken away whatever happens. */
@Injectable()
export class ReleaseIntake {
  /** Tests have less patience. */
  idleMs = UPLOAD_IDLE_MS;

  constructor(
    private readonly artifacts: ArtifactsService,
    private readonly releases: ReleasesService,
  ) {}

  async push(ctx: Context, moduleName: string, request: FastifyRequest): Promise<Pushed> {
    const { idleMs } = this;
    const check = () => ctx.require(Permission.ReleasesCreate, { module: moduleName });
    const upload = await readReleaseUpload(request, this.artifacts, { idleMs, check });
    try {
      return await this.releases.push(ctx, moduleName, upload);
    } finally {
      await this.artifacts.discard(upload.artifact);
    }
  }
}
