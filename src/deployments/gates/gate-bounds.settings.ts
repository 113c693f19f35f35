/**
 * A setting for each parameter of a gate of which it is certain which way is stricter: no deployment is
 * planned with a looser one, whatever its environment or its request says.
 */
import { z } from 'zod';
import { type HotSetting, hotSetting } from '../../platform/settings/hot-setting.js';
import type { GateKind, GateParams, Stricter } from './gate.js';
import { isLooser } from './gate-params.js';
import { gates } from './gates.js';

type Param = GateParams[string];

export interface GateBound {
  readonly kind: string;
  readonly param: string;
  readonly stricter: Exclude<Stricter, null>;
  /** Null: there is no bound. */
  readonly setting: HotSetting<Param | null>;
}

export const gateBounds: readonly GateBound[] = gates.all().flatMap(boundsOf);

/** For the list of all settings. */
export const gateBoundSettings = gateBounds.map(({ setting }) => setting);

function boundsOf(gate: GateKind): GateBound[] {
  const { shape } = gate.params as unknown as z.ZodObject<Record<string, z.ZodDefault>>;
  const bounds: GateBound[] = [];
  for (const [param, stricter] of Object.entries(gate.stricter)) {
    const field = shape[param];
    if (stricter === null || !field) continue;
    const setting = settingOf(gate.kind, param, stricter, field);
    bounds.push({ kind: gate.kind, param, stricter, setting });
  }
  return bounds;
}

function settingOf(
  kind: string,
  param: string,
  stricter: Exclude<Stricter, null>,
  field: z.ZodDefault,
): HotSetting<Param | null> {
  const schema = (field.unwrap() as z.ZodType<Param>).nullable();
  const preset = field.parse(undefined) as Param;
  const tightens = (value: Param | null, above: Param | null) =>
    above === null || (value !== null && !isLooser(stricter, value, above));
  return hotSetting<Param | null>({
    key: `gates.${kind}.${kebabCase(param)}`,
    schema,
    default: null,
    defaultNote: `null: no bound; the gate’s own default is \`${preset}\``,
    example: preset,
    doc: `${wordsOf(stricter)} of \`${param}\` that a deployment may be planned with under the gate \`${kind}\`: what its environment or request has looser is tightened to this. ${field.description ?? ''}`.trim(),
    scopes: ['platform', 'tenant', 'environment', 'deployment'],
    tightens,
  });
}

function wordsOf(stricter: Exclude<Stricter, null>): string {
  if (stricter === 'smaller') return 'The largest value';
  return stricter === 'larger' ? 'The smallest value' : 'The loosest value';
}

function kebabCase(name: string): string {
  return name
    .replace('MiB', 'Mib')
    .replace(/([a-z])([A-Z])/g, '$1-$2')
    .toLowerCase();
}
