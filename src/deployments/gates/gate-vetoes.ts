import { Injectable, type OnModuleInit } from '@nestjs/common';
import { environmentKey } from '../../kernel/environment-key.js';
import { DomainError } from '../../kernel/errors.js';
import { environmentsOf } from '../../fleet/fleet.queries.js';
import type { OpenContext } from '../../platform/context.js';
import type { HotSetting, SettingPlace } from '../../platform/settings/hot-setting.js';
import { SettingVetoes } from '../../platform/settings/setting-vetoes.js';
import { Settings } from '../../platform/settings/settings.js';
import type { GateParams } from './gate.js';
import { type GateBound, gateBounds } from './gate-bounds.settings.js';
import { resolve } from './gate-params.js';
import { gates } from './gates.js';
import { withBounds } from './tighten-gate.js';

/**
 * A bound that does not go together with what a gate has otherwise would refuse deployments that nobody has
 * touched: it is refused itself, and says what would have to be changed first.
 */
@Injectable()
export class GateVetoes implements OnModuleInit {
  constructor(
    private readonly settings: Settings,
    private readonly vetoes: SettingVetoes,
  ) {}

  onModuleInit(): void {
    for (const bound of gateBounds) {
      this.vetoes.add(bound.setting, 'the gates', (open, { value, place }) =>
        value === null ? null : this.objection(open, bound, value, place),
      );
    }
  }

  private async objection(
    open: OpenContext,
    { kind, setting }: GateBound,
    value: string | number,
    place: SettingPlace,
  ): Promise<string | null> {
    const settings = this.with(setting, value);
    const own = resolve(gates.get(kind), {}).base;
    const fault = faultOf(kind, own, settings, place);
    if (fault) return `it does not go with the gate's own defaults: ${fault}`;
    if (place.tenantId === undefined) return null;
    for (const { name, defaults } of await environmentsOf(open)) {
      const { environment = name } = place;
      if (environmentKey(environment) !== environmentKey(name)) continue;
      const { kind: standard, ...params } = defaults.gate;
      if (standard !== kind) continue;
      const { base } = resolve(gates.get(kind), params);
      const problem = faultOf(kind, base, settings, { ...place, environment: name });
      if (problem) return `it does not go with the gate of ${name}, change that first: ${problem}`;
    }
    return null;
  }

  /** As they would be: this one counts at the level and below. */
  private with(changed: GateBound['setting'], value: string | number): Pick<Settings, 'valueOf'> {
    return {
      valueOf: <T>(setting: HotSetting<T>, at?: SettingPlace): T =>
        setting.key === changed.key ? (value as T) : this.settings.valueOf(setting, at),
    };
  }
}

function faultOf(
  kind: string,
  params: GateParams,
  settings: Pick<Settings, 'valueOf'>,
  place: SettingPlace,
): string | null {
  try {
    withBounds(gates.get(kind), params, settings, place);
    return null;
  } catch (error) {
    if (error instanceof DomainError) return error.message;
    throw error;
  }
}
