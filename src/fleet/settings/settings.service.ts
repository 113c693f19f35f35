import { Injectable } from '@nestjs/common';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { newestFirst } from '../../platform/http/page.js';
import { Logger } from '../../platform/logging/logger.js';
import { Sealer } from '../../platform/sealing/sealer.js';
import { type AnyHotSetting, declaredSettings } from '../../platform/settings/hot-setting.js';
import { Settings } from '../../platform/settings/settings.js';
import { SettingValues } from '../../platform/settings/setting-values.js';
import { settingRows } from '../../platform/settings/settings.store.js';
import type { SignedIn } from '../../tenancy/auth/authenticator.js';
import { Proofs } from '../../tenancy/permissions/proofs.js';
import {
  type AskedLevel,
  checkMaySet,
  isOfPlatform,
  isVisible,
  levelAsked,
  settingFor,
  type SettingLevel,
} from './levels-asked.js';
import { SettingChanges } from './setting-changes.js';
import { standingAt, summaryOf, viewOf } from './setting-views.js';
import { changesOf } from './settings-history.views.js';
import type { HistoryQuery, ListQuery } from './settings.dto.js';

export interface AskedChange {
  readonly key: string;
  readonly asked: AskedLevel;
  readonly version: number;
  readonly reason: string | null;
  /** Who must prove that it is they, if it protects less than before; null: no person. */
  readonly signedIn: SignedIn | null;
}

/** What is set, where it comes from, and who changes it. */
@Injectable()
export class SettingsService {
  private readonly values: SettingValues;

  constructor(
    private readonly database: Database,
    private readonly settings: Settings,
    private readonly changes: SettingChanges,
    private readonly proofs: Proofs,
    sealer: Sealer,
    logger: Logger,
  ) {
    this.values = new SettingValues(sealer, logger);
  }

  /** All at once, by key: there are as many as the program declares. Throws `environment-not-found`. */
  list(ctx: Context, { environment, prefix = '', onlySet }: ListQuery) {
    return this.database.transaction(ctx, async (open) => {
      const level = await levelAsked(open, { environment });
      const rows = await settingRows(open, null);
      const items = declaredSettings()
        .filter((each) => isVisible(open, each) && each.key.startsWith(prefix))
        .map((each) => {
          const own = rows.filter(({ key }) => key === each.key);
          return summaryOf(each, this.standing(open, each, level, own));
        })
        .filter(({ source }) => onlySet !== 'true' || source !== 'default');
      return { items, nextCursor: null };
    });
  }

  /** Throws `setting-not-found`, `setting-scope-unsuitable`, `environment-not-found`. */
  get(ctx: Context, key: string, asked: AskedLevel) {
    const setting = settingFor(ctx, key);
    return this.database.transaction(ctx, async (open) =>
      this.view(open, setting, await levelAsked(open, asked)),
    );
  }

  /** Throws what `get` and SettingChanges throw, `permission-missing`, and what Proofs throws. */
  async set(ctx: Context, change: AskedChange, value: unknown) {
    const setting = settingFor(ctx, change.key);
    return this.change(ctx, setting, change, () => this.changes.judged(setting, value));
  }

  /** As `set`; the level above counts from then on. */
  async unset(ctx: Context, change: AskedChange) {
    return this.change(ctx, settingFor(ctx, change.key), change, () => undefined);
  }

  /** Newest first. Throws `cursor-invalid` and what `get` throws. */
  history(ctx: Context, key: string, { scope, environment, ...page }: HistoryQuery) {
    const setting = settingFor(ctx, key);
    return this.database.transaction(ctx, async (open) => {
      const isAsked = scope !== undefined || environment !== undefined;
      const level = isAsked ? await levelAsked(open, { scope, environment }) : null;
      const list = `history of ${key} at ${level?.scope ?? 'all'} ${level?.environmentKey ?? ''}`;
      return newestFirst(list, page, (before, take) =>
        changesOf(open, setting, { environmentKey: level?.environmentKey ?? null, before, take }),
      );
    });
  }

  /** `wantedValue` is judged when it is known that the caller may set one at all. */
  private async change(
    ctx: Context,
    setting: AnyHotSetting,
    change: AskedChange,
    wantedValue: () => unknown,
  ) {
    const { asked, version, reason, signedIn } = change;
    return this.database.transaction(ctx, async (open) => {
      const level = await levelAsked(open, asked);
      checkMaySet(open, setting, level);
      const wanted = { setting, level, value: wantedValue(), version, reason };
      const rows = await settingRows(open, setting.key);
      const effect = this.changes.effectOf(wanted, this.standing(open, setting, level, rows));
      if (effect.isWeakened) await this.proofs.demand(signedIn);
      await this.changes.write(open, wanted, effect);
      return this.view(open, setting, level);
    });
  }

  private async view(open: OpenContext, setting: AnyHotSetting, level: SettingLevel) {
    const rows = await settingRows(open, setting.key);
    return viewOf(setting, level, this.standing(open, setting, level, rows), rows);
  }

  private standing(
    ctx: Context,
    setting: AnyHotSetting,
    level: SettingLevel,
    rows: Awaited<ReturnType<typeof settingRows>>,
  ) {
    const { source, value } = this.settings.resolved<unknown>(setting);
    const platform = isOfPlatform(ctx) || source === 'default' ? null : { value };
    return standingAt(setting, level, { rows, platform }, this.values);
  }
}
