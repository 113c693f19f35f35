import type { Command } from 'commander';
import type { paths } from '#sdk';
import { CliError } from '../exit-codes.js';
import { momentOf } from '../freeze-window.js';

type Query = NonNullable<paths['/api/v1/audit-logs']['get']['parameters']['query']>;
type Names = Pick<
  Query,
  'category' | 'action' | 'actor' | 'subject' | 'outcome' | 'deployment' | 'release' | 'trace'
>;

export interface FilterOptions extends Names {
  readonly since?: string;
  readonly until?: string;
}

export type Filter = Names & { readonly since?: string; readonly until?: string };

export function withFilters(command: Command): Command {
  return command
    .option('--category <name>', 'deployment, approval, authentication, access …')
    .option('--action <name>', 'what was done, as in deployment-created')
    .option('--actor <name>', 'who did it')
    .option('--subject <id>', 'what it was done to')
    .option('--outcome <outcome>', 'allowed, denied or failed')
    .option('--deployment <id>', 'what a deployment is about')
    .option('--release <id>', 'what a release is about')
    .option('--trace <id>', 'of one trace: 32 hex digits')
    .option('--since <time>', 'not older: 2h, 30d, or a time as in 2026-11-01T00:00Z')
    .option('--until <time>', 'older than that');
}

export function filterOf(options: FilterOptions, nowMs: number): Filter {
  const { category, action, actor, subject, outcome, deployment, release, trace } = options;
  const given = { category, action, actor, subject, outcome, deployment, release, trace };
  const times = {
    since: options.since === undefined ? undefined : timeOf(options.since, '--since', nowMs),
    until: options.until === undefined ? undefined : timeOf(options.until, '--until', nowMs),
  };
  const named = Object.entries({ ...given, ...times }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(named);
}

const UNITS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/** `2h` is that long ago. */
export function timeOf(text: string, option: string, nowMs: number): string {
  const [, count, unit] = /^(\d{1,5})([mhdw])$/.exec(text) ?? [];
  if (unit !== undefined) return new Date(nowMs - Number(count) * UNITS[unit]!).toISOString();
  if (/^\d{4}-/.test(text)) return momentOf(text, option);
  throw new CliError(
    `${option} takes how long ago (30m, 2h, 7d, 4w) or a time as in 2026-11-01T00:00Z; not "${text}".`,
  );
}

/** A whole number from 0. */
export function countOf(text: string, option: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new CliError(`${option} takes a whole number; not "${text}".`);
}
