import { Global, Module } from '@nestjs/common';
import { ReleaseFacts } from '../drivers/targets/agent/release-facts.js';
import { QuotasModule } from '../tenancy/quotas/quotas.module.js';
import { ArtifactsService } from './artifacts/artifacts.service.js';
import { TemporarySweep } from './artifacts/temporary-sweep.js';
import { ConfigurationsController } from './configurations/configurations.controller.js';
import { ConfigurationsService } from './configurations/configurations.service.js';
import { ModulesController } from './modules.controller.js';
import { StoredReleaseFacts } from './release-facts.queries.js';
import { ReleaseIntake } from './release-intake.js';
import { ReleasesController } from './releases.controller.js';
import { ReleasesService } from './releases.service.js';
import { SigningKeysController } from './signatures/signing-keys.controller.js';
import { SigningKeysService } from './signatures/signing-keys.service.js';

/**
 * WHAT: modules, their releases with artifacts and signatures, and their configurations. Expects from
 * global modules: Database, Audit, Config, Logger and OBJECT_STORE. Global itself, because it provides
 * a port of a module below it: what nodes are told of releases.
 */
@Global()
@Module({
  imports: [QuotasModule],
  controllers: [
    ModulesController,
    ReleasesController,
    ConfigurationsController,
    SigningKeysController,
  ],
  providers: [
    ArtifactsService,
    ConfigurationsService,
    ReleaseIntake,
    ReleasesService,
    SigningKeysService,
    TemporarySweep,
    { provide: ReleaseFacts, useClass: StoredReleaseFacts },
  ],
  exports: [ArtifactsService, ReleaseFacts],
})
export class ReleasesModule {}
