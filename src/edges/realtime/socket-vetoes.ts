import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { SettingPlace } from '../../platform/settings/hot-setting.js';
import { SettingVetoes } from '../../platform/settings/setting-vetoes.js';
import { Settings } from '../../platform/settings/settings.js';
import { socketsPerTenant, socketsPerUser } from './realtime.settings.js';

/** One person must not be able to take all the places of a tenant. */
@Injectable()
export class SocketVetoes implements OnModuleInit {
  constructor(
    private readonly settings: Settings,
    private readonly vetoes: SettingVetoes,
  ) {}

  onModuleInit(): void {
    this.vetoes.add(socketsPerUser, 'the live hubs', (_open, { value, place }) =>
      this.objection({ perUser: value, place }),
    );
    this.vetoes.add(socketsPerTenant, 'the live hubs', (_open, { value, place }) =>
      this.objection({ perTenant: value, place }),
    );
  }

  private objection(wanted: {
    readonly perUser?: number;
    readonly perTenant?: number;
    readonly place: SettingPlace;
  }): string | null {
    const { place } = wanted;
    const perUser = wanted.perUser ?? this.settings.valueOf(socketsPerUser, place);
    const perTenant = wanted.perTenant ?? this.settings.valueOf(socketsPerTenant, place);
    if (perUser <= perTenant) return null;
    return `${perUser} sockets of one person would be more than the ${perTenant} of the whole tenant. Keep ${socketsPerUser.key} at or below ${socketsPerTenant.key}.`;
  }
}
