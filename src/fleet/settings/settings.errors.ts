import { errorEntry } from '../../kernel/error-entry.js';

/** What the routes of settings can answer. */

export const settingNotFound = errorEntry({
  code: 'setting-not-found',
  kind: 'not-found',
  meaning:
    'There is no setting with that key, or none that you can see. `GET /settings` lists them.',
  tell: (key: string) =>
    `There is no setting "${key}" that you can see. GET /api/v1/settings lists them.`,
});

export const settingScopeUnsuitable = errorEntry({
  code: 'setting-scope-unsuitable',
  kind: 'invalid',
  meaning:
    'The setting cannot be set at that level, or not by you from where you are. `details.scopes` are its levels. The level `platform` is set from the reserved tenant, without `X-Tenant`.',
  tell: (text: string, scopes: readonly string[]) => ({ text, details: { scopes } }),
});

export const settingMayOnlyTighten = errorEntry({
  code: 'setting-may-only-tighten',
  kind: 'conflict',
  meaning:
    'A nearer level may only be as strict as the level above or stricter: `details.above` is what counts there, set at `details.source`. Whoever manages that level can loosen it.',
  tell: (above: unknown, source: string) => ({
    text: `It may only be tightened here: ${JSON.stringify(above)} counts above (${source}), and this is looser.`,
    details: { above, source },
  }),
});

export const settingVetoed = errorEntry({
  code: 'setting-vetoed',
  kind: 'conflict',
  meaning:
    'A part of the platform that would have to work with the value refuses it. `details.module` names it, `details.reason` says why and what to do instead.',
  tell: (module: string, reason: string) => ({
    text: `It is refused by ${module}: ${reason}`,
    details: { module, reason },
  }),
});
