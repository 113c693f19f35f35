import { Module } from '@nestjs/common';
import { TenancyModule } from '../../tenancy/tenancy.module.js';
import { SettingChanges } from './setting-changes.js';
import { SettingsController } from './settings.controller.js';
import { SettingsService } from './settings.service.js';

/** Reading and changing what `platform/settings` keeps: here, because levels are environments, too. */
@Module({
  imports: [TenancyModule],
  controllers: [SettingsController],
  providers: [SettingChanges, SettingsService],
})
export class SettingsModule {}
