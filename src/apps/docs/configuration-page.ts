import type { Setting } from '../../platform/config/setting.js';
import { settings } from '../../platform/config/settings.js';

/** docs/configuration.md. Plain headings and lists: they read well and need no alignment. */
export function configurationPage(): string {
  const all: readonly Setting<unknown>[] = Object.values(settings);
  const groups = [...new Set(all.map((setting) => setting.group))];
  return [
    '# Configuration',
    '<!-- Generated from src/platform/config/settings.ts by `npm run docs:generate`. Do not edit. -->',
    'Tidegate reads its configuration from the environment, once, at the start. All mistakes are reported at once; an unknown name that starts with `TIDEGATE_` is a mistake, too. An empty variable counts as not set.',
    ...groups.flatMap((group) => [
      `## ${group}`,
      ...all.filter((setting) => setting.group === group).map(entryOf),
    ]),
  ]
    .join('\n\n')
    .concat('\n');
}

function entryOf(setting: Setting<unknown>): string {
  const preset =
    setting.defaultNote ?? (setting.default === null ? 'none' : `\`${setting.default}\``);
  return [
    `### ${setting.env}`,
    '',
    setting.description,
    '',
    `- Default: ${preset}`,
    `- Example: \`${setting.env}=${setting.example}\``,
    ...(setting.secret ? ['- Secret: never printed.'] : []),
  ].join('\n');
}
