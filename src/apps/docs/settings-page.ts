import { z } from 'zod';
import type { AnyHotSetting } from '../../platform/settings/hot-setting.js';
import { hotSettings } from '../hot-settings.js';

/** docs/settings.md: what can be changed while everything runs. */
export function settingsPage(): string {
  const all = [...hotSettings].sort((a, b) => (a.key < b.key ? -1 : 1));
  const groups = [...new Set(all.map(groupOf))];
  return [
    '# Settings',
    '<!-- Generated from the declarations in apps/hot-settings.ts by `npm run docs:generate`. Do not edit. -->',
    'What can be changed without a restart, by `npx tidegate settings set` or `PUT /api/v1/settings/{key}`. It counts in every process within a second, and within five when PostgreSQL’s notice is lost. What a process must know before it can ask the database is [configuration](configuration.md).',
    'A setting has **levels**: the platform’s (set by its operators, for all tenants), the tenant’s, and that of one environment. The nearest that is set wins. Of one that **may only be tightened**, a nearer level is as strict as the one above or stricter; only the platform may loosen the default, and what is looser than a level that was tightened later does not count. `deployment`: a request says it for itself. A deployment keeps the gate that it was planned with, whatever is set afterwards.',
    'Reading takes `settings:read`, changing `settings:manage` (a scope of environments narrows it to their level), the platform’s level `platform-settings:manage`. Whoever makes something protect less shows once more that it is they. Each change says who, when, from what to what and why in `npx tidegate settings history`, which nobody can rewrite, and in the audit log. Sockets on `/hubs/configuration` are told `ConfigurationChanged`, with what they may see.',
    ...groups.flatMap((group) => [
      `## ${group}`,
      ...all.filter((setting) => groupOf(setting) === group).map(entryOf),
    ]),
  ]
    .join('\n\n')
    .concat('\n');
}

/** `gates.stabilization` of `gates.stabilization.min-wait-ms`. */
function groupOf({ key }: AnyHotSetting): string {
  return key.slice(0, key.lastIndexOf('.'));
}

function entryOf(setting: AnyHotSetting): string {
  const { key, doc, scopes, defaultNote, tightens, isSecret } = setting;
  const example = setting.example as unknown;
  return [
    `### ${key}`,
    '',
    doc,
    '',
    `- Value: ${formOf(setting)}`,
    `- Default: ${defaultNote ?? `\`${JSON.stringify(setting.default)}\``}`,
    `- Example: \`npx tidegate settings set ${key} ${JSON.stringify(example)}\``,
    `- Levels: ${scopes.join(', ')}`,
    ...(tightens ? ['- May only be tightened at a nearer level.'] : []),
    ...(isSecret ? ['- Secret: sealed, and never shown.'] : []),
  ].join('\n');
}

interface Form {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly anyOf?: readonly Form[];
}

function formOf({ schema }: AnyHotSetting): string {
  return wordsOf(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Form);
}

function wordsOf({ type, enum: words, minimum, maximum, anyOf }: Form): string {
  if (anyOf) return anyOf.map(wordsOf).join(', or ');
  if (words) return words.map((word) => `\`${JSON.stringify(word)}\``).join(', ');
  if (type === 'integer') return `a whole number from ${minimum} to ${maximum}`;
  return type ?? 'JSON';
}
