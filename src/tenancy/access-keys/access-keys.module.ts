import { Module } from '@nestjs/common';
import { AccessKeysController } from './access-keys.controller.js';
import { AccessKeyMetrics } from './access-keys.metrics.js';
import { AccessKeysService } from './access-keys.service.js';
import { KeyBearer } from './key-bearer.js';
import { KeyStandings } from './key-standings.js';
import { KeyUses } from './key-uses.js';

/** What machines show instead of a session. */
@Module({
  controllers: [AccessKeysController],
  providers: [AccessKeyMetrics, AccessKeysService, KeyBearer, KeyStandings, KeyUses],
  exports: [AccessKeysService],
})
export class AccessKeysModule {}
