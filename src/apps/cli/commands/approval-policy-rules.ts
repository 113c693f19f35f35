import { type Command, InvalidArgumentError, Option } from 'commander';
import type { components } from '#sdk';
import { durationMs } from '../display/times.js';
import { CliError } from '../exit-codes.js';
import { collect, readTexts } from '../parameters.js';

export type Rules = components['schemas']['ApprovalPolicyRules'];

/** What is left out is its default in a new policy, and stays as it is in one that is changed. */
export interface RuleOptions {
  readonly description?: string;
  readonly environment?: string;
  readonly everywhere?: boolean;
  readonly module?: string[];
  readonly label?: string[];
  readonly strategy?: string[];
  readonly role?: string[];
  readonly group?: string[];
  readonly user?: string[];
  readonly quorum?: number;
  readonly distinctGroup?: string[];
  readonly distinct?: number;
  readonly bar?: NonNullable<Rules['bars']>;
  readonly bars?: boolean;
  readonly valid?: string;
  readonly timeout?: string;
  readonly reason?: boolean;
  readonly passkey?: boolean;
  readonly gate?: string;
}

const BARS = ['requester', 'release-author', 'configuration-editor'];

const count = (text: string): number => {
  if (/^\d{1,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('A whole number, please.');
};
const several = (text: string, before?: readonly string[]) => collect(text, before ?? []);

export function ruleOptions(command: Command): Command {
  return command
    .option('--description <words>', 'for people')
    .option('--environment <name>', 'where it counts')
    .option('--everywhere', 'in every environment, those to come as well')
    .option('--module <name>', 'only for this module; may be repeated', several)
    .option(
      '--label <name=value>',
      'only in environments with this label; may be repeated',
      several,
    )
    .option('--strategy <kind>', 'only for this strategy; may be repeated', several)
    .option('--role <name>', 'who may decide; may be repeated', several)
    .option('--group <name>', 'who may decide; may be repeated', several)
    .option('--user <name>', 'who may decide; may be repeated', several)
    .option('--quorum <number>', 'how many must agree', count)
    .option('--distinct-group <name>', 'who agrees must be of different ones of these', several)
    .option('--distinct <number>', 'of how many of them; all without it', count)
    .addOption(
      new Option('--bar <whom>', 'who may not decide; may be repeated')
        .choices(BARS)
        .argParser(barred),
    )
    .option('--no-bars', 'the requester may decide, too')
    .option('--valid <duration>', 'how long a decision counts, like 4h')
    .option('--timeout <duration>', 'rejected when nobody has decided by then, like 24h')
    .option('--reason', 'deciders must say why')
    .option('--no-reason', 'nobody has to say why')
    .option('--passkey', 'decisions are signed with a passkey')
    .option('--no-passkey', 'decisions need no passkey')
    .option('--gate <id>', 'ask this external gate instead of people');
}

function barred(whom: string, before?: readonly string[]): string[] {
  if (BARS.includes(whom)) return several(whom, before);
  throw new InvalidArgumentError(`One of ${BARS.join(', ')}, please.`);
}

/** Only what was said. Throws CliError. */
export function rulesFrom(options: RuleOptions): Partial<Rules> {
  const { description, quorum, module, label, strategy, gate, reason, passkey } = options;
  return {
    ...environmentOf(options),
    ...(description === undefined ? {} : { description }),
    ...(module ? { modules: module } : {}),
    ...(label ? { labels: readTexts(label, '--label') } : {}),
    ...(strategy ? { strategies: strategy } : {}),
    ...approversOf(options),
    ...(quorum === undefined ? {} : { quorum }),
    ...distinctOf(options),
    ...barsOf(options),
    ...(options.valid === undefined ? {} : { decisionValidMs: durationMs(options.valid) }),
    ...(options.timeout === undefined ? {} : { timeoutMs: durationMs(options.timeout) }),
    ...(reason === undefined ? {} : { reasonRequired: reason }),
    ...(passkey === undefined ? {} : { passkeyRequired: passkey }),
    ...(gate === undefined ? {} : { kind: 'external' as const, external: { gateId: gate } }),
  };
}

function environmentOf({ environment, everywhere }: RuleOptions): Partial<Rules> {
  if (environment !== undefined && everywhere) {
    throw new CliError('Give either --environment or --everywhere.');
  }
  if (everywhere) return { environment: null };
  return environment === undefined ? {} : { environment };
}

/** Whoever names some of them names all of them. */
function approversOf({ role, group, user }: RuleOptions): Partial<Rules> {
  if (!role && !group && !user) return {};
  return { approvers: { roles: role ?? [], groups: group ?? [], users: user ?? [] } };
}

function distinctOf({ distinctGroup: groups, distinct }: RuleOptions): Partial<Rules> {
  if (!groups) {
    if (distinct === undefined) return {};
    throw new CliError('--distinct counts the groups of --distinct-group: name them as well.');
  }
  return { distinctGroups: { groups, count: distinct ?? groups.length } };
}

function barsOf({ bar, bars }: RuleOptions): Partial<Rules> {
  if (bars === false) return { bars: [] };
  return bar ? { bars: bar } : {};
}
