/** Which level a request is about, and whether that is the caller's to set. */
import { environmentKey } from '../../kernel/environment-key.js';
import { Permission } from '../../kernel/permission.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { permissionMissing } from '../../platform/http/http.errors.js';
import {
  type AnyHotSetting,
  settingOf,
  type SettingPlace,
  type StoredScope,
} from '../../platform/settings/hot-setting.js';
import { PLATFORM_TENANT } from '../../tenancy/tenants/platform-tenant.js';
import { environmentByName } from '../fleet.queries.js';
import { settingNotFound, settingScopeUnsuitable } from './settings.errors.js';

export interface AskedLevel {
  readonly scope?: StoredScope | undefined;
  readonly environment?: string | undefined;
}

/** A level of the caller's tenant, or of the platform in the reserved one. */
export interface SettingLevel {
  readonly scope: StoredScope;
  readonly tenantId: string;
  /** As its environment has it. */
  readonly environment: string | null;
  readonly environmentKey: string;
}

export const isOfPlatform = ({ tenantId }: Pick<Context, 'tenantId'>): boolean =>
  tenantId === PLATFORM_TENANT.id;

/** What can be set by the platform alone is of no use to a tenant, and none of its business. */
export function isVisible(ctx: Context, { scopes }: AnyHotSetting): boolean {
  return isOfPlatform(ctx) || scopes.some((scope) => scope !== 'platform');
}

/** Throws `setting-not-found`. */
export function settingFor(ctx: Context, key: string): AnyHotSetting {
  const setting = settingOf(key);
  if (!setting || !isVisible(ctx, setting)) throw settingNotFound(key);
  return setting;
}

/** Throws `setting-scope-unsuitable`, `environment-not-found`. */
export async function levelAsked(open: OpenContext, asked: AskedLevel): Promise<SettingLevel> {
  const { tenantId } = open;
  const usual = asked.environment === undefined ? 'tenant' : 'environment';
  const scope = asked.scope ?? (isOfPlatform(open) ? 'platform' : usual);
  checkWhere(open, scope, asked.environment);
  if (asked.environment === undefined) {
    return { scope, tenantId, environment: null, environmentKey: '' };
  }
  const { name } = await environmentByName(open, asked.environment);
  return { scope, tenantId, environment: name, environmentKey: environmentKey(name) };
}

function checkWhere(ctx: Context, scope: StoredScope, environment: string | undefined): void {
  if ((scope === 'platform') !== isOfPlatform(ctx)) {
    throw settingScopeUnsuitable(
      scope === 'platform'
        ? 'The level "platform" is set in the reserved tenant: sign in there, and leave X-Tenant out.'
        : 'In the reserved tenant there is the level "platform" only. Name a tenant with X-Tenant for its levels.',
      [isOfPlatform(ctx) ? 'platform' : 'tenant', 'environment'],
    );
  }
  if ((scope === 'environment') === (environment !== undefined)) return;
  throw settingScopeUnsuitable(
    scope === 'environment'
      ? 'Say which environment: ?scope=environment&environment=Production.'
      : `An environment has no level "${scope}": leave "environment" out, or say scope=environment.`,
    ['tenant', 'environment'],
  );
}

/** Throws `permission-missing`, and `setting-scope-unsuitable` where the setting has no such level. */
export function checkMaySet(ctx: Context, setting: AnyHotSetting, level: SettingLevel): void {
  const { scope, environment } = level;
  if (scope === 'platform') ctx.require(Permission.PlatformSettingsManage);
  else if (environment !== null) ctx.require(Permission.SettingsManage, { environment });
  // Whoever manages some environments only does not decide for the others.
  else if (ctx.scopesOf(Permission.SettingsManage) !== null) {
    throw permissionMissing(Permission.SettingsManage, {});
  }
  if (setting.scopes.includes(scope)) return;
  throw settingScopeUnsuitable(
    `"${setting.key}" cannot be set at the level "${scope}", only at ${setting.scopes.join(', ')}.`,
    setting.scopes,
  );
}

export function placeOf({ scope, tenantId, environment }: SettingLevel): SettingPlace {
  if (scope === 'platform') return {};
  return environment === null ? { tenantId } : { tenantId, environment };
}
