import { Injectable } from '@nestjs/common';
import { limits } from '../../kernel/limits.js';
import type { OpenContext } from '../../platform/context.js';
import { validationFailed, versionMismatch } from '../../platform/http/http.errors.js';
import { judge } from '../../platform/http/issues.js';
import { Sealer } from '../../platform/sealing/sealer.js';
import type { AnyHotSetting } from '../../platform/settings/hot-setting.js';
import { isLoosened, resolveLevels } from '../../platform/settings/levels.js';
import { sealSecret } from '../../platform/settings/secret-value.js';
import type { SettingRow } from '../../platform/settings/setting-row.js';
import { SettingVetoes } from '../../platform/settings/setting-vetoes.js';
import { lockSettings, settingRow, writeSetting } from '../../platform/settings/settings.store.js';
import type { SettingLevel } from './levels-asked.js';
import { placeOf } from './levels-asked.js';
import { shown, type Standing } from './setting-views.js';
import { settingMayOnlyTighten, settingVetoed } from './settings.errors.js';
import { settingChanged } from './settings.events.js';

export interface WantedChange {
  readonly setting: AnyHotSetting;
  readonly level: SettingLevel;
  /** Undefined: it is taken back. */
  readonly value: unknown;
  /** That the caller has seen. */
  readonly version: number;
  readonly reason: string | null;
}

/** What counts at the level now, and what would. */
export interface Effect {
  readonly before: unknown;
  readonly after: unknown;
  /** It protects less than before. */
  readonly isWeakened: boolean;
}

/** Judges and writes the changes of settings. */
@Injectable()
export class SettingChanges {
  constructor(
    private readonly sealer: Sealer,
    private readonly vetoes: SettingVetoes,
  ) {}

  /** Throws `validation-failed`. Answers the value as the schema has it. */
  judged({ schema }: AnyHotSetting, value: unknown): unknown {
    if (value === undefined) throw wrong([{ path: 'value', message: 'is required' }]);
    if (Buffer.byteLength(JSON.stringify(value)) > limits.settingValueBytes) {
      const message = `must be at most ${limits.settingValueBytes} bytes of JSON`;
      throw wrong([{ path: 'value', message }]);
    }
    const outcome = judge(schema, value);
    if (!('issues' in outcome)) return outcome.value;
    throw wrong(
      outcome.issues.map(({ path = [], message }) => ({
        path: [
          'value',
          ...path.map((each) => String(typeof each === 'object' ? each.key : each)),
        ].join('.'),
        message,
      })),
    );
  }

  /** Throws `setting-may-only-tighten`. */
  effectOf({ setting, level, value }: WantedChange, { set, resolved }: Standing): Effect {
    const others = set.filter(({ source }) => source !== level.scope);
    const above = resolveLevels(setting, others);
    if (value !== undefined && isLoosened(setting, level.scope, value, above.value)) {
      throw settingMayOnlyTighten(shown(setting, above.value), above.source);
    }
    const before = resolved.value;
    const after: unknown = value === undefined ? above.value : value;
    return { before, after, isWeakened: weakens(setting, after, before) };
  }

  /** Throws `version-mismatch`, `setting-vetoed`. */
  async write(open: OpenContext, wanted: WantedChange, effect: Effect): Promise<void> {
    const { setting, level, value, reason } = wanted;
    const { key } = setting;
    await lockSettings(open);
    const { tenantId, environmentKey } = level;
    const present = await settingRow(open, { tenantId, key, environmentKey });
    const version = present?.version ?? 0;
    if (version !== wanted.version) throw versionMismatch(version);
    if (value === undefined && !present?.isSet) return;
    const change = {
      scope: level.scope,
      place: placeOf(level),
      value: effect.after,
      before: effect.before,
    };
    const objection = await this.vetoes.objectionTo(open, setting, change);
    if (objection) throw settingVetoed(objection.module, objection.reason);
    const stored = setting.isSecret && value !== undefined ? this.sealed(key, level, value) : value;
    const row = await writeSetting(open, { ...level, key, value: stored, reason }, present);
    await open.record(
      settingChanged(key, {
        scope: level.scope,
        environment: level.environment,
        version: row.version,
        before: told(setting, present),
        after: told(setting, row),
        reason,
      }),
    );
  }

  private sealed(key: string, { tenantId, environmentKey }: SettingLevel, value: unknown): string {
    return sealSecret(this.sealer, { tenantId, key, environmentKey }, value);
  }
}

function weakens(
  { weakens: own, tightens }: AnyHotSetting,
  after: unknown,
  before: unknown,
): boolean {
  if (own) return own(after, before);
  return tightens !== undefined && !tightens(after, before);
}

function told(setting: AnyHotSetting, row: SettingRow | undefined): string | null {
  return row?.isSet ? JSON.stringify(shown(setting, row.value)) : null;
}

function wrong(fields: readonly { readonly path: string; readonly message: string }[]) {
  const [first] = fields;
  const all = fields.map((each) => ({ in: 'body', ...each }));
  return validationFailed(
    `The value does not fit the setting: ${first!.path}: ${first!.message}.`,
    {
      details: { fields: all },
    },
  );
}
