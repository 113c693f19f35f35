import type { Provider } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Logger } from '../logging/logger.js';
import { Metrics } from '../metrics/metrics.js';
import { GuardedFetch } from './guarded-fetch.js';

/** The way out, as the operator has opened it. */
export const outboundProvider: Provider = {
  provide: GuardedFetch,
  inject: [Config, Logger, Metrics],
  useFactory: (config: Config, logger: Logger, metrics: Metrics) => {
    const calls = metrics.counter({
      name: 'outbound_requests_total',
      help: 'Calls to addresses that a tenant or the operator has named, by outcome: answered, or the code of the error',
      labelNames: ['outcome'],
    });
    return new GuardedFetch({
      opened: config.outboundAllow,
      log: logger.child({ part: 'outbound' }),
      onOutcome: (outcome) => calls.inc({ outcome }),
    });
  },
};
