/** What is deployed: programs so small that a machine can run many, which write down what is done to them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildArtifact } from '../support/artifact.js';
import type { Client } from '../support/client.js';

/** Releases of each module, so that each deployment can change something. */
const VERSIONS = 4;

const web = `
require('node:http')
  .createServer((request, response) => response.end('ok'))
  .listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
`;

/** One line for each run of a hook, in a file of each node: the agents' own log of effects. */
const note = (folder: string) =>
  `echo "hook $TIDEGATE_NODE $TIDEGATE_MODULE $TIDEGATE_VERSION $TIDEGATE_MODULE/$TIDEGATE_GENERATION/$TIDEGATE_VERSION/$TIDEGATE_HOOK" >> "${folder}/$TIDEGATE_NODE"`;
const begin = (folder: string, command: string) =>
  `echo "start $TIDEGATE_NODE $TIDEGATE_MODULE $TIDEGATE_VERSION $TIDEGATE_INSTANCE" >> "${folder}/$TIDEGATE_NODE"; exec ${command}`;

export interface ServiceOptions {
  readonly name: string;
  /** Without: a program that waits and answers nobody. */
  readonly port?: number;
  /** How long the hook takes. */
  readonly hookSeconds?: number;
}

export class SmallService {
  readonly name: string;
  readonly versions = Array.from({ length: VERSIONS }, (_, index) => `${index + 1}.0.0`);
  /** Its hook fails: no node can run it. */
  static readonly badVersion = '6.6.6';
  /** For what must not meet anything that an earlier deployment has left. */
  static readonly freshVersion = '9.0.0';
  /** The name of the module without traffic: none of its releases runs beside another one. */
  static readonly alone = 'job';

  constructor(
    private readonly folder: string,
    private readonly options: ServiceOptions,
  ) {
    this.name = options.name;
  }

  get hasTraffic(): boolean {
    return this.options.port !== undefined;
  }

  async push(client: Client, version: string, hookSeconds = this.options.hookSeconds ?? 0) {
    const { port } = this.options;
    const isBad = version === SmallService.badVersion;
    const files = { 'server.cjs': web, version };
    const { bytes } = await buildArtifact({ files });
    const program = port ? `"${process.execPath}" server.cjs` : 'sleep infinity';
    const sleep = hookSeconds > 0 ? `; sleep ${hookSeconds}` : '';
    const manifest = {
      schema: 1,
      run: { command: '/bin/sh', args: ['-c', begin(this.folder, program)] },
      ...(port ? { traffic: { protocol: 'http', port } } : {}),
      health: { intervalMs: 100, stableMs: 0, startTimeoutMs: 20_000 },
      drainMs: 200,
      stopGraceMs: 1000,
      hooks: {
        afterInstall: {
          command: '/bin/sh',
          args: ['-c', `${note(this.folder)}${sleep}${isBad ? '; exit 1' : ''}`],
        },
      },
    };
    const form = new FormData();
    form.set('version', version);
    form.set('manifest', JSON.stringify(manifest));
    form.set('artifact', new Blob([new Uint8Array(bytes)]), 'artifact.tar.gz');
    const { status, body } = await client.post(`/modules/${this.name}/releases`, form);
    // 200: it is there already, after a push whose answer was lost.
    if (![200, 201].includes(status)) {
      throw new Error(`push failed: ${status} ${JSON.stringify(body)}`);
    }
  }

  async pushAll(client: Client): Promise<void> {
    for (const version of this.versions) await this.push(client, version);
  }
}

export interface Effects {
  /** By "node/module/generation/version/hook": how often it ran. */
  readonly hooks: ReadonlyMap<string, number>;
  /** Starts of a program that nothing accounts for, as "node module version". */
  readonly unaccounted: readonly string[];
}

/**
 * What the nodes themselves have written down. A hook is the beginning of each generation that starts
 * something, and accounts for one start of its release. What must be alone was stopped to make room
 * for another release, and comes back without a hook when that one did not work out.
 */
export async function effectsIn(folder: string, nodes: readonly string[]): Promise<Effects> {
  const hooks = new Map<string, number>();
  const unaccounted: string[] = [];
  for (const node of nodes) {
    const text = await readFile(join(folder, node), 'utf8').catch(() => '');
    const hooked = new Map<string, number>();
    const last = new Map<string, string>();
    for (const line of text.split('\n').filter(Boolean)) {
      const [what, , module = '', version = '', run] = line.split(' ');
      const release = `${node} ${module} ${version}`;
      const credit = hooked.get(release) ?? 0;
      if (what === 'hook') {
        hooks.set(`${node}/${run}`, (hooks.get(`${node}/${run}`) ?? 0) + 1);
        hooked.set(release, credit + 1);
      } else if (credit > 0) hooked.set(release, credit - 1);
      else if (module !== SmallService.alone || last.get(module) === version) {
        unaccounted.push(release);
      }
      last.set(module, version);
    }
  }
  return { hooks, unaccounted };
}
