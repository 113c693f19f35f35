import type { SettingPlace } from '../../platform/settings/hot-setting.js';
import type { Settings } from '../../platform/settings/settings.js';
import type { GateKind, GateParams } from './gate.js';
import { gateBounds } from './gate-bounds.settings.js';
import { isLooser, resolve } from './gate-params.js';

type ReadsSettings = Pick<Settings, 'valueOf'>;

/** What is looser than the settings allow there, as it must be instead; of none, an empty object. */
export function tightened(
  settings: ReadsSettings,
  place: SettingPlace,
  { kind, params }: { readonly kind: string; readonly params: GateParams },
): Readonly<Record<string, string | number>> {
  const changes: Record<string, string | number> = {};
  for (const { kind: of, param, stricter, setting } of gateBounds) {
    if (of !== kind) continue;
    const bound = settings.valueOf(setting, place);
    if (bound !== null && isLooser(stricter, params[param], bound)) changes[param] = bound;
  }
  return changes;
}

/**
 * The parameters with the bounds of the settings. Throws `invalid-gate-params` where a bound does not go
 * together with the rest: a deployment is not planned under a gate that nobody has meant.
 */
export function withBounds<P extends GateParams>(
  gate: GateKind<P>,
  params: P,
  settings: ReadsSettings,
  place: SettingPlace,
): P {
  const changes = tightened(settings, place, { kind: gate.kind, params });
  if (Object.keys(changes).length === 0) return params;
  return resolve(gate, { ...params, ...changes }).params;
}
