import { Injectable } from '@nestjs/common';
import { systemClock } from '../../kernel/clock.js';
import { RoundRobin, type Patience } from '../../kernel/round-robin.js';
import { Config } from '../../platform/config/config.js';
import { acceptanceBusy } from '../deployment.errors.js';

/** Of the connections for requests: the others are for verbs, reads and whoever logs in. */
const SHARE = 0.6;

const PATIENCE: Patience = {
  // Shorter than the minute that proxies wait.
  ms: 30_000,
  over: acceptanceBusy,
};

/**
 * Thousands of deployments posted at once are accepted a few at a time, tenants in turns: whoever
 * pauses or promotes one meanwhile does not wait behind them for a connection.
 */
@Injectable()
export class AcceptanceQueue {
  private readonly roundRobin: RoundRobin;

  constructor(config: Config) {
    const atOnce = Math.max(1, Math.floor(config.database.poolSize * SHARE));
    this.roundRobin = new RoundRobin(atOnce, systemClock);
  }

  run<T>(tenantId: string, work: () => Promise<T>): Promise<T> {
    return this.roundRobin.run(tenantId, work, PATIENCE);
  }
}
