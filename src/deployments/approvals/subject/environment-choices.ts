/** Strategy and gate as an environment would choose them now, with every default filled in. */
import type { Environment } from '../../../fleet/environments/environment.js';
import type { SettingPlace } from '../../../platform/settings/hot-setting.js';
import type { Settings } from '../../../platform/settings/settings.js';
import type { GateParams } from '../../gates/gate.js';
import { gates } from '../../gates/gates.js';
import { tightened } from '../../gates/tighten-gate.js';
import { strategies } from '../../strategies/strategies.js';
import type { Choice } from './compared-choices.js';

export function strategyOf({ defaults }: Environment): Choice {
  const { kind, ...given } = defaults.strategy;
  const parsed = strategies.get(kind).params.safeParse(given);
  return { kind, params: parsed.success ? (parsed.data as Choice['params']) : given };
}

/** With the bounds that the settings lay down there. */
export function gateOf(
  { defaults }: Environment,
  settings: Pick<Settings, 'valueOf'>,
  place: SettingPlace,
): { readonly kind: string; readonly params: GateParams } {
  const { kind, ...given } = defaults.gate;
  const parsed = gates.get(kind).params.safeParse(given);
  const params = parsed.success ? parsed.data : (given as GateParams);
  return { kind, params: { ...params, ...tightened(settings, place, { kind, params }) } };
}
