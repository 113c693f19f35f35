import type { Provider } from '@nestjs/common';
import type { Config } from './config/config.js';
import type { Health } from './health/health.js';
import type { Logger } from './logging/logger.js';

export interface StartedPlatform {
  /** What Nest hands out: `{ provide: Database, useValue: database }` and the like. */
  readonly providers: readonly Provider[];
  stop(): Promise<void>;
}

interface Parts {
  readonly config: Config;
  readonly logger: Logger;
  /** Each dependency registers its check here. */
  readonly health: Health;
}

/** Opens what every process needs before Nest starts: database, queue, signal. */
export async function startPlatform(_parts: Parts): Promise<StartedPlatform> {
  return { providers: [], stop: async () => undefined };
}
