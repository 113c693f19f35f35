import { Global, Module, type DynamicModule, type Provider } from '@nestjs/common';
import type { Clock } from '../kernel/clock.js';
import { CLOCK } from './clock.js';
import { Config } from './config/config.js';
import { HealthController } from './health/health.controller.js';
import { Health } from './health/health.js';
import { streamsPerCaller } from './http/http.settings.js';
import { StreamPlaces } from './http/stream-places.js';
import { Logger } from './logging/logger.js';
import { Metrics } from './metrics/metrics.js';
import { makeRateLimits } from './rate-limits/make-rate-limits.js';
import { RateLimits } from './rate-limits/rate-limits.js';
import { openSealer } from './sealing/open-sealer.js';
import { Sealer } from './sealing/sealer.js';
import { SettingVetoes } from './settings/setting-vetoes.js';
import { Settings } from './settings/settings.js';
import { outboundProvider } from './outbound/outbound.provider.js';

/** The instances that exist before Nest does, because starting needs them. */
export interface Platform {
  readonly config: Config;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly clock: Clock;
  /** What start-platform.ts has opened: database, queue, signal, keys … */
  readonly providers?: readonly Provider[];
}

/** Hands the platform to every module; nobody imports it by name. */
@Global()
@Module({})
export class PlatformModule {
  static forRoot(platform: Platform): DynamicModule {
    const { config, logger, metrics, health, clock, providers = [] } = platform;
    const all: Provider[] = [
      { provide: Config, useValue: config },
      { provide: Logger, useValue: logger },
      { provide: Metrics, useValue: metrics },
      { provide: Health, useValue: health },
      { provide: CLOCK, useValue: clock },
      { provide: Sealer, useFactory: () => openSealer(config) },
      {
        provide: RateLimits,
        inject: [Settings],
        useFactory: (settings: Settings) => makeRateLimits(platform, settings),
      },
      {
        provide: StreamPlaces,
        inject: [Settings],
        useFactory: (settings: Settings) =>
          new StreamPlaces(() => settings.valueOf(streamsPerCaller)),
      },
      outboundProvider,
      // Nothing is set, until startPlatform has read what is.
      { provide: Settings, useValue: new Settings(logger) },
      { provide: SettingVetoes, useValue: new SettingVetoes() },
      ...providers,
    ];
    return {
      module: PlatformModule,
      controllers: [HealthController],
      providers: all,
      exports: all.map((provider) =>
        typeof provider === 'function' ? provider : (provider.provide as string),
      ),
    };
  }
}
