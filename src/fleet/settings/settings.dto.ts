import { z } from 'zod';
import { text } from '../../kernel/text.js';
import { pageOf, pageQuery } from '../../platform/http/page.js';
import { SETTING_SCOPES } from '../../platform/settings/hot-setting.js';

const REASON_CHARACTERS = 500;
const KEY_CHARACTERS = 80;
const ENVIRONMENT_CHARACTERS = 40;

const storedScope = z.enum(['platform', 'tenant', 'environment']);
const anyValue = z.unknown().meta({ description: 'JSON, as the schema of the setting says.' });

export const settingParams = z.strictObject({ key: text(KEY_CHARACTERS).min(1) });

/** Which level is meant. */
export const levelQuery = z.strictObject({
  scope: storedScope.optional().meta({
    description:
      'The level. Without it: `environment` where one is named, else `tenant`, and `platform` in the reserved tenant.',
  }),
  environment: text(ENVIRONMENT_CHARACTERS).min(1).optional().meta({
    description: 'The environment by its name, for the level `environment`.',
  }),
});

export const listQuery = z.strictObject({
  environment: levelQuery.shape.environment,
  prefix: text(KEY_CHARACTERS).min(1).optional().meta({
    description: 'Only keys that begin so: `gates.`.',
  }),
  onlySet: z.enum(['true', 'false']).optional().meta({
    description: '`true`: only what is not at its default here.',
  }),
});

export const historyQuery = pageQuery.extend(levelQuery.shape);

export const putSettingBody = z
  .strictObject({
    value: anyValue,
    reason: text(REASON_CHARACTERS).trim().min(1).optional().meta({
      description: 'Why, for whoever reads the change log.',
    }),
  })
  .meta({ id: 'PutSetting' });

const source = z.enum(['default', ...SETTING_SCOPES]);

export const settingSummary = z
  .strictObject({
    key: z.string(),
    value: anyValue,
    source: source.meta({ description: 'Where the value comes from.' }),
    scopes: z.array(z.enum(SETTING_SCOPES)).meta({ description: 'Where it can be set.' }),
    mayOnlyTighten: z.boolean().meta({
      description: 'A nearer level may only be as strict as the one above or stricter.',
    }),
    isSecret: z.boolean().meta({ description: 'Its values are masked.' }),
  })
  .meta({ id: 'SettingSummary' });

const levelOut = z.strictObject({
  source,
  environment: z.string().nullable(),
  value: anyValue,
  isOverruled: z.boolean().meta({
    description:
      'Set, but looser than the level above, which was tightened later: it does not count.',
  }),
  version: z.int().nullable(),
  changedBy: z.string().nullable(),
  changedAt: z.iso.datetime().nullable(),
});

export const settingOut = settingSummary
  .extend({
    description: z.string(),
    default: anyValue,
    schema: z.record(z.string(), z.unknown()).meta({ description: 'JSON Schema of a value.' }),
    scope: storedScope.meta({ description: 'The level that was asked for.' }),
    environment: z.string().nullable(),
    version: z.int().meta({
      description: 'Of that level, for If-Match. 0: nothing was ever set there.',
    }),
    levels: z.array(levelOut).meta({
      description:
        'Every level at which something is set, the widest first. Who set the platform’s is not told to tenants.',
    }),
  })
  .meta({ id: 'Setting' });

export const settingChangeOut = z
  .strictObject({
    id: z.uuid(),
    at: z.iso.datetime(),
    actor: z.string(),
    scope: storedScope,
    environment: z.string().nullable(),
    version: z.int(),
    wasSet: z.boolean(),
    before: anyValue,
    isSet: z.boolean().meta({ description: 'False: it was unset.' }),
    value: anyValue,
    reason: z.string().nullable(),
  })
  .meta({ id: 'SettingChange' });

export const settingPage = pageOf(settingSummary);
export const settingChangePage = pageOf(settingChangeOut);

export type SettingParams = z.output<typeof settingParams>;
export type LevelQuery = z.output<typeof levelQuery>;
export type ListQuery = z.output<typeof listQuery>;
export type HistoryQuery = z.output<typeof historyQuery>;
export type PutSettingBody = z.output<typeof putSettingBody>;
