/** The change log of a setting as HTTP answers it. */
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import type { AnswerOf } from '../../platform/http/answer.js';
import type { AnyHotSetting } from '../../platform/settings/hot-setting.js';
import { shown } from './setting-views.js';
import type { settingChangeOut } from './settings.dto.js';

type ChangeView = AnswerOf<typeof settingChangeOut>;

interface Asked {
  /** Null: of all levels. */
  readonly environmentKey: string | null;
  readonly before: string | null;
  readonly take: number;
}

const list = statement<{ readonly tenantId: string; readonly key: string } & Asked, ChangeView>(
  'setting-changes.list-views',
  `select id, at, actor, scope, environment, version, was_set as "wasSet", before, is_set as "isSet",
     value, reason
   from setting_changes
   where tenant_id = :tenantId and key = :key
     and (:environmentKey::text is null or environment_key = :environmentKey)
     and (:before::uuid is null or id < :before)
   order by id desc limit :take`,
);

export async function changesOf(
  open: OpenContext,
  setting: AnyHotSetting,
  asked: Asked,
): Promise<ChangeView[]> {
  const rows = await open.tx.query(list, { tenantId: open.tenantId, key: setting.key, ...asked });
  return rows.map((row) => ({
    ...row,
    before: shown(setting, row.before),
    value: shown(setting, row.value),
  }));
}
