import { Injectable } from '@nestjs/common';
import { EnvironmentDefaultsValidator } from '../fleet/environments/environment-defaults-validator.js';
import type { EnvironmentDefaults } from '../fleet/environments/environment.js';
import { validationFailed } from '../platform/http/http.errors.js';
import { resolve } from './gates/gate-params.js';
import { gates } from './gates/gates.js';
import { strategies } from './strategies/strategies.js';

/** Judges an environment's defaults by the registries of strategies and gates. */
@Injectable()
export class RegisteredDefaults extends EnvironmentDefaultsValidator {
  check(rules: {
    readonly defaults: EnvironmentDefaults;
    readonly allowedStrategies: readonly string[];
  }): EnvironmentDefaults {
    const { defaults, allowedStrategies } = rules;
    for (const kind of allowedStrategies) strategies.get(kind);
    const { kind, ...params } = defaults.strategy;
    const parsed = strategies.get(kind).params.safeParse(params);
    if (!parsed.success) {
      const problems = parsed.error.issues.map(
        (issue) => `defaults.strategy.${issue.path.join('.')}: ${issue.message}`,
      );
      throw validationFailed(`${problems.join('; ')}.`, { details: { problems } });
    }
    const { kind: gateKind, ...gateParams } = defaults.gate;
    resolve(gates.get(gateKind), gateParams);
    // Stored as given: what is not said follows our defaults when they get better.
    return defaults;
  }
}
