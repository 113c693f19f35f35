/** The tables `settings` and `setting_changes`: what is set, and each change that there ever was. */
import { newId } from '../../kernel/ids.js';
import type { OpenContext } from '../context.js';
import { statement } from '../database/statement.js';
import type { SystemTransaction } from '../database/transaction.js';
import type { StoredScope } from './hot-setting.js';
import type { SettingRow } from './setting-row.js';

/** Where the processes hear that there is a new revision. */
export const SETTINGS_CHANNEL = 'tidegate_settings';

/** Any constant that nobody else uses. */
const LOCK = 7_205_759_417;

const COLUMNS = `tenant_id as "tenantId", key, scope, environment_key as "environmentKey", environment,
  is_set as "isSet", value, version, revision, changed_by as "changedBy", changed_at as "changedAt"`;

const newest = statement<Record<never, never>, { readonly revision: number }>(
  'settings.newest-revision',
  'select coalesce(max(revision), 0) as revision from settings',
);

const since = statement<{ readonly revision: number }, SettingRow>(
  'settings.since',
  `select ${COLUMNS} from settings where revision > :revision order by revision`,
);

/** All levels of all tenants that have changed since; null: the database is older than that. */
export async function settingsSince(
  tx: SystemTransaction,
  revision: number,
): Promise<SettingRow[] | null> {
  const present = await tx.first(newest);
  if (present!.revision < revision) return null;
  return present!.revision === revision ? [] : tx.query(since, { revision });
}

const lock = statement<{ readonly lock: number }>(
  'settings.lock',
  'select pg_advisory_xact_lock(:lock)',
);

const nextRevision = statement<Record<never, never>, { readonly revision: number }>(
  'settings.next-revision',
  `select nextval('settings_revision') as revision`,
);

interface LevelKey {
  readonly tenantId: string;
  readonly key: string;
  readonly environmentKey: string;
}

const find = statement<LevelKey, SettingRow>(
  'settings.find',
  `select ${COLUMNS} from settings
   where tenant_id = :tenantId and key = :key and environment_key = :environmentKey`,
);

const ofTenant = statement<{ readonly tenantId: string; readonly key: string | null }, SettingRow>(
  'settings.of-tenant',
  `select ${COLUMNS} from settings
   where tenant_id = :tenantId and (:key::text is null or key = :key)`,
);

/** All levels of the tenant; of one setting, or of all. */
export function settingRows(open: OpenContext, key: string | null): Promise<SettingRow[]> {
  return open.tx.query(ofTenant, { tenantId: open.tenantId, key });
}

export interface NewLevel extends LevelKey {
  readonly scope: StoredScope;
  readonly environment: string | null;
  /** Undefined: taken back. */
  readonly value: unknown;
  readonly reason: string | null;
}

type Written = Omit<NewLevel, 'value' | 'reason'> & {
  readonly isSet: boolean;
  readonly value: string | null;
  readonly revision: number;
  readonly actor: string;
};

const write = statement<Written, SettingRow>(
  'settings.write',
  `insert into settings (tenant_id, key, scope, environment_key, environment, is_set, value, version,
     revision, changed_by)
   values (:tenantId, :key, :scope, :environmentKey, :environment, :isSet, :value::text::jsonb, 1,
     :revision, :actor)
   on conflict (tenant_id, key, environment_key) do update set is_set = excluded.is_set,
     value = excluded.value, version = settings.version + 1, revision = excluded.revision, changed_by = excluded.changed_by,
     changed_at = clock_timestamp()
   returning ${COLUMNS}`,
);

const writeChange = statement<
  Written & {
    readonly id: string;
    readonly version: number;
    readonly wasSet: boolean;
    readonly before: string | null;
    readonly reason: string | null;
  }
>(
  'setting-changes.insert',
  `insert into setting_changes (tenant_id, id, key, scope, environment_key, environment, version,
     revision, was_set, before, is_set, value, reason, actor)
   values (:tenantId, :id, :key, :scope, :environmentKey, :environment, :version, :revision,
     :wasSet, :before::text::jsonb, :isSet, :value::text::jsonb, :reason, :actor)`,
);

const notify = statement<{ readonly channel: string; readonly revision: string }>(
  'settings.notify',
  'select pg_notify(:channel, :revision)',
);

/** Changes wait for each other from here to their commits, so that revisions come in order. */
export async function lockSettings(open: OpenContext): Promise<void> {
  await open.tx.execute(lock, { lock: LOCK });
}

/** What is set at the level, or was. */
export function settingRow(open: OpenContext, level: LevelKey): Promise<SettingRow | undefined> {
  return open.tx.first(find, level);
}

/** Writes level and change, and tells the processes at the commit. Under the lock. */
export async function writeSetting(
  open: OpenContext,
  level: NewLevel,
  before: SettingRow | undefined,
): Promise<SettingRow> {
  const { reason, value, ...place } = level;
  const next = await open.tx.first(nextRevision);
  const { revision } = next!;
  const written = { ...place, ...setTo(value), revision, actor: open.actor.name };
  const row = await open.tx.first(write, written);
  const { version } = row!;
  const change = { ...written, id: newId(), version, ...wasSetTo(before), reason };
  await open.tx.execute(writeChange, change);
  await open.tx.execute(notify, { channel: SETTINGS_CHANNEL, revision: String(revision) });
  return row!;
}

function setTo(value: unknown): { isSet: boolean; value: string | null } {
  return value === undefined
    ? { isSet: false, value: null }
    : { isSet: true, value: JSON.stringify(value) };
}

function wasSetTo(row: SettingRow | undefined): { wasSet: boolean; before: string | null } {
  const { isSet, value } = setTo(row?.isSet ? row.value : undefined);
  return { wasSet: isSet, before: value };
}
