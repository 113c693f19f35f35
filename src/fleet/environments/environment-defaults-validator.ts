import type { EnvironmentDefaults } from './environment.js';

/**
 * Strategies and gates are registered above the fleet, so whoever owns the registries judges their
 * parameters. A global module above provides it.
 */
export abstract class EnvironmentDefaultsValidator {
  /**
   * Throws DomainError (`validation-failed`, `unknown-strategy`, `unknown-gate`) for what no
   * deployment could use; answers the defaults to be stored.
   */
  abstract check(rules: {
    readonly defaults: EnvironmentDefaults;
    readonly allowedStrategies: readonly string[];
  }): EnvironmentDefaults;
}
