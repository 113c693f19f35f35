import { Module } from '@nestjs/common';
import { TenancyModule } from '../../tenancy/tenancy.module.js';
import { RateLimitsController } from '../rate-limits/rate-limits.controller.js';
import { RateLimitsService } from '../rate-limits/rate-limits.service.js';
import { SettingChanges } from './setting-changes.js';
import { SettingsController } from './settings.controller.js';
import { SettingsService } from './settings.service.js';

/** Reading and changing what `platform/settings` keeps: here, because levels are environments, too. */
@Module({
  imports: [TenancyModule],
  controllers: [SettingsController, RateLimitsController],
  providers: [RateLimitsService, SettingChanges, SettingsService],
})
export class SettingsModule {}
