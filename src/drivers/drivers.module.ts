import { join } from 'node:path';
import { Global, Module } from '@nestjs/common';
import { publicKeyText } from '../kernel/signature.js';
import { Config } from '../platform/config/config.js';
import { openKey } from '../platform/config/keys.js';
import { Health } from '../platform/health/health.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { OutsideMetrics } from '../platform/outside/outside.metrics.js';
import { refuseWithoutRoom } from './storage/filesystem/filesystem.object-store.js';
import { GuardedObjectStore } from './storage/guarded.object-store.js';
import { objectStores } from './storage/object-stores.js';
import { OBJECT_STORE } from './storage/object-store.token.js';
import { STATEMENT_KEYS, type StatementKeys } from './targets/agent/statement-keys.js';

/** The doors to the outside that are opened once per process, by configuration. */
@Global()
@Module({
  providers: [
    {
      provide: OBJECT_STORE,
      useFactory: async (config: Config, metrics: Metrics, health: Health) => {
        const directory = join(config.home, 'artifacts');
        const store = await objectStores.get('filesystem').open({ directory });
        // Not critical: of all that a process does, only pushes need room there.
        health.register({
          name: 'artifacts',
          isCritical: false,
          check: () => refuseWithoutRoom(directory),
        });
        return new GuardedObjectStore(store, OutsideMetrics.of(metrics).observer('object-store'));
      },
      inject: [Config, Metrics, Health],
    },
    {
      provide: STATEMENT_KEYS,
      useFactory: async (config: Config): Promise<StatementKeys> => {
        const { kid, privateKey, publicKey } = await openKey(config, 'agent');
        return { kid, privateKey, published: [{ kid, publicKey: publicKeyText(publicKey) }] };
      },
      inject: [Config],
    },
  ],
  exports: [OBJECT_STORE, STATEMENT_KEYS],
})
export class DriversModule {}
