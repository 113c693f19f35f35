import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { OBJECT_STORE } from '../drivers/storage/object-store.js';
import { objectStores } from '../drivers/storage/object-stores.js';
import { Config } from '../platform/config/config.js';
import { ArtifactsService } from './artifacts/artifacts.service.js';
import { TemporarySweep } from './artifacts/temporary-sweep.js';
import { ConfigurationsController } from './configurations/configurations.controller.js';
import { ConfigurationsService } from './configurations/configurations.service.js';
import { ModulesController } from './modules.controller.js';
import { ReleaseIntake } from './release-intake.js';
import { ReleasesController } from './releases.controller.js';
import { ReleasesReader } from './releases.reader.js';
import { ReleasesService } from './releases.service.js';
import { SigningKeysController } from './signatures/signing-keys.controller.js';
import { SigningKeysService } from './signatures/signing-keys.service.js';

/** WHAT: modules, their releases with artifacts and signatures, and their configurations. */
@Module({
  controllers: [
    ModulesController,
    ReleasesController,
    ConfigurationsController,
    SigningKeysController,
  ],
  providers: [
    {
      provide: OBJECT_STORE,
      useFactory: (config: Config) =>
        objectStores.get('filesystem').open({ directory: join(config.home, 'artifacts') }),
      inject: [Config],
    },
    ArtifactsService,
    ConfigurationsService,
    ReleaseIntake,
    ReleasesReader,
    ReleasesService,
    SigningKeysService,
    TemporarySweep,
  ],
  exports: [ArtifactsService],
})
export class ReleasesModule {}
