/** What HTTP answers of a setting, out of the rows of the tenant and of what counts above them. */
import { z } from 'zod';
import type { AnyHotSetting, SettingScope } from '../../platform/settings/hot-setting.js';
import { resolveLevels, type Resolved } from '../../platform/settings/levels.js';
import { MASK } from '../../platform/settings/secret-value.js';
import type { SettingRow } from '../../platform/settings/setting-row.js';
import type { SettingValues } from '../../platform/settings/setting-values.js';
import type { SettingLevel } from './levels-asked.js';

interface SetAt {
  readonly source: SettingScope;
  readonly value: unknown;
  readonly row: SettingRow | null;
}

/** What is set at and above the level, the widest first. */
export interface Standing {
  readonly set: readonly SetAt[];
  readonly resolved: Resolved<unknown>;
}

interface Known {
  /** Of the tenant, for this setting. */
  readonly rows: readonly SettingRow[];
  /** What the platform has set, for tenants; of the reserved tenant it is among the rows. */
  readonly platform: { readonly value: unknown } | null;
}

export function standingAt(
  setting: AnyHotSetting,
  level: Pick<SettingLevel, 'environmentKey'>,
  { rows, platform }: Known,
  values: SettingValues,
): Standing {
  const own = ['', level.environmentKey].filter((each, at, all) => all.indexOf(each) === at);
  const set: SetAt[] = platform ? [{ source: 'platform', value: platform.value, row: null }] : [];
  for (const environmentKey of own) {
    const row = rows.find((each) => each.environmentKey === environmentKey);
    const read = row && values.of(row);
    if (row && read) set.push({ source: row.scope, value: read.value, row });
  }
  return { set, resolved: resolveLevels(setting, set) };
}

export function shown({ isSecret }: AnyHotSetting, value: unknown): unknown {
  return isSecret && value !== null && value !== undefined ? MASK : value;
}

export function summaryOf(setting: AnyHotSetting, { resolved }: Standing) {
  return {
    key: setting.key,
    value: shown(setting, resolved.value),
    source: resolved.source,
    scopes: [...setting.scopes],
    mayOnlyTighten: setting.tightens !== undefined,
    isSecret: setting.isSecret === true,
  };
}

export function viewOf(
  setting: AnyHotSetting,
  level: SettingLevel,
  standing: Standing,
  rows: readonly SettingRow[],
) {
  const { set, resolved } = standing;
  const [preset, ...levels] = resolved.levels;
  const own = rows.find((each) => each.environmentKey === level.environmentKey);
  return {
    ...summaryOf(setting, standing),
    description: setting.doc,
    default: shown(setting, setting.default),
    schema: schemaOf(setting),
    scope: level.scope,
    environment: level.environment,
    version: own?.version ?? 0,
    levels: [preset!, ...levels].map(({ source, value, isOverruled }, at) => {
      // The first is the default, which is in no row.
      const row = at === 0 ? null : set[at - 1]!.row;
      return {
        source,
        environment: row?.environment ?? null,
        value: shown(setting, value),
        isOverruled,
        version: row?.version ?? null,
        changedBy: row?.changedBy ?? null,
        changedAt: row?.changedAt ?? null,
      };
    }),
  };
}

export function schemaOf({ schema }: AnyHotSetting): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
  });
  return rest;
}
