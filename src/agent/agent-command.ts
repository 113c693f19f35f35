import type { KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, CommanderError } from 'commander';
import { DomainError, messageOf } from '../kernel/errors.js';
import { limits } from '../kernel/limits.js';
import { canonicalNetwork } from '../kernel/networks.js';
import { readPublicKey } from '../kernel/signature.js';
import { dnsLabel } from '../kernel/text.js';
import type { AgentOptions } from './agent-options.js';
import { AGENT_VERSION } from './agent-options.js';
import { labelsSchema } from './protocol/protocol.js';
import { ModuleUsers } from './supervisor/module-user.js';
import { isLoopback } from './transport/control-plane.js';

export type AgentCommand =
  | { readonly kind: 'help'; readonly exitCode: number }
  | { readonly kind: 'teardown'; readonly directory: string }
  | {
      readonly kind: 'run';
      readonly options: Pick<
        AgentOptions,
        | 'server'
        | 'token'
        | 'directory'
        | 'name'
        | 'labels'
        | 'portOffset'
        | 'trustedProxies'
        | 'ca'
        | 'trustedKeys'
        | 'users'
      >;
      /** Where the front listens; undefined: its own default. */
      readonly listenHost: string | undefined;
    };

interface Flags {
  server?: string;
  token?: string;
  tokenFile?: string;
  dir: string;
  name?: string;
  label: string[];
  portOffset: string;
  host?: string;
  trustedProxy: string[];
  allowHttp: boolean;
  ca?: string;
  trustedKey: string[];
  runAs: string[];
  teardown: boolean;
}

const EXAMPLE = `
Example:
  TIDEGATE_ENROLLMENT_TOKEN=… npm run agent -- --server https://tidegate.example.com \\
    --dir /var/lib/tidegate --name web-1 --label zone=a --label rack=r1

The token is needed once; afterwards the folder knows the node. SIGTERM stops the agent only:
modules and their front keep serving. --teardown ends them, too.

Exit codes: 0 stopped, 1 unexpected, 2 wrong arguments, 3 enrolment refused, 4 another agent runs
on the folder, 5 the folder belongs to another node or is damaged.`;

/** Throws DomainError `usage` with one sentence. */
export function parseAgentCommand(
  argv: readonly string[],
  environment: { readonly token?: string; readonly trustedProxies?: string },
): AgentCommand {
  const flags = parseFlags(argv);
  if ('exitCode' in flags) return { kind: 'help', exitCode: flags.exitCode };
  const directory = resolve(flags.dir);
  if (flags.teardown) return { kind: 'teardown', directory };
  const options = {
    server: serverUrl(flags),
    token: tokenOf(flags, environment.token),
    directory,
    name: nodeName(flags.name),
    labels: labelsOf(flags.label),
    portOffset: portOffset(flags.portOffset),
    trustedProxies: proxiesOf(flags.trustedProxy, environment.trustedProxies),
    ca: flags.ca === undefined ? undefined : readText(flags.ca, '--ca'),
    trustedKeys: flags.trustedKey.map(trustedKey),
    users: usersOf(flags.runAs, directory),
  };
  return { kind: 'run', options, listenHost: flags.host };
}

function parseFlags(argv: readonly string[]): Flags | { exitCode: number } {
  const collect = (value: string, all: string[]) => [...all, value];
  const command = new Command('agent')
    .description('Runs releases on this node, as its Tidegate control plane says.')
    .version(AGENT_VERSION)
    .option('--server <url>', 'the control plane')
    .option('--token <token>', 'enrolment token, single use (better: TIDEGATE_ENROLLMENT_TOKEN)')
    .option('--token-file <path>', 'file that holds the enrolment token')
    .option('--dir <path>', 'folder for identity, journal and releases', '.tidegate/agent')
    .option('--name <name>', 'name of the node, a DNS label')
    .option('--label <key=value>', 'label of the node, repeatable', collect, [])
    .option('--port-offset <n>', 'added to the port of every module', '0')
    .option('--host <address>', 'address on which modules answer (default: 127.0.0.1)')
    .option(
      '--trusted-proxy <networks>',
      'proxies whose X-Forwarded-* is believed: addresses or networks, repeatable',
      collect,
      [],
    )
    .option('--allow-http', 'plain http to a server that is not this machine', false)
    .option('--ca <path>', 'PEM of a private certificate authority')
    .option('--trusted-key <key>', 'only releases signed by it: PEM file or key', collect, [])
    .option('--run-as <user>', 'whom modules run as; MODULE=USER for one, repeatable', collect, [])
    .option('--teardown', 'stop all modules and the front of --dir, and the agent', false)
    .addHelpText('after', EXAMPLE)
    .allowExcessArguments(false)
    .configureOutput({ writeErr: () => undefined })
    .exitOverride();
  try {
    command.parse([...argv], { from: 'user' });
    return command.opts<Flags>();
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return { exitCode: 0 };
    throw usage(messageOf(error).replace(/^error: /, ''));
  }
}

function serverUrl(flags: Flags): URL {
  if (flags.server === undefined) throw usage('--server is missing');
  const url = URL.canParse(flags.server) ? new URL(flags.server) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw usage(`--server must be an http or https URL, not "${flags.server}"`);
  }
  if (url.username !== '' || url.password !== '') {
    throw usage('--server must not hold a password');
  }
  if (url.protocol === 'http:' && !flags.allowHttp && !isLoopback(url.hostname)) {
    throw usage(
      `plain http to ${url.hostname} could be changed on the way; use https, or add --allow-http`,
    );
  }
  return url;
}

function tokenOf(flags: Flags, fromEnvironment: string | undefined): string | undefined {
  if (flags.token !== undefined && flags.tokenFile !== undefined) {
    throw usage('give --token or --token-file, not both');
  }
  const text =
    flags.tokenFile === undefined ? flags.token : readText(flags.tokenFile, '--token-file');
  const token = (text ?? fromEnvironment)?.trim();
  return token === '' ? undefined : token;
}

function nodeName(name: string | undefined): string {
  if (name === undefined) throw usage('--name is missing');
  if (dnsLabel.safeParse(name).success) return name;
  throw usage(`--name must be a DNS label (a-z, 0-9 and -, at most 63), not "${name}"`);
}

function labelsOf(pairs: readonly string[]): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1) throw usage(`--label takes key=value, not "${pair}"`);
    labels[pair.slice(0, at)] = pair.slice(at + 1);
  }
  const read = labelsSchema.safeParse(labels);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  throw usage(`--label ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
}

function portOffset(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (value < 0 || value > 65_000) throw usage(`--port-offset takes 0 to 65000, not "${text}"`);
  return value;
}

/** Each flag, or the variable where there is none, may hold several, separated by commas. */
function proxiesOf(flags: readonly string[], fromEnvironment: string | undefined): string[] {
  const name = flags.length > 0 ? '--trusted-proxy' : 'TIDEGATE_AGENT_TRUSTED_PROXIES';
  const given = flags.length > 0 ? flags : fromEnvironment ? [fromEnvironment] : [];
  const all = given.flatMap((each) => each.split(',')).map((each) => each.trim());
  if (all.length > limits.trustedProxies) {
    throw usage(`${name} takes at most ${limits.trustedProxies} networks`);
  }
  try {
    return [...new Set(all.map(canonicalNetwork))];
  } catch (error) {
    throw usage(`${name}: ${messageOf(error)}`);
  }
}

function usersOf(told: readonly string[], directory: string): ModuleUsers {
  const users = ModuleUsers.of(told);
  users.checkReach(directory);
  return users;
}

function trustedKey(text: string): KeyObject {
  try {
    return readPublicKey(existsSync(text) ? readFileSync(text, 'utf8') : text);
  } catch (error) {
    throw usage(`--trusted-key "${text.slice(0, 80)}": ${messageOf(error)}`);
  }
}

function readText(path: string, flag: string): string {
  try {
    // Decoded so, a byte order mark is no part of it.
    return new TextDecoder().decode(readFileSync(path));
  } catch (error) {
    throw usage(`${flag} cannot be read: ${messageOf(error)}`);
  }
}

function usage(what: string): DomainError {
  return new DomainError('invalid', 'usage', `${what}; see --help.`);
}
