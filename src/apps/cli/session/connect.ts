import { dirname } from 'node:path';
import {
  createTidegate,
  type Tidegate,
  type TidegateError,
  type TidegateOptions,
  type TokenStore,
} from '#sdk';
import { CliError } from '../exit-codes.js';
import type { CliEnvironment } from './cli-environment.js';
import { ConfigFile, type SavedContext } from './config-file.js';
import { KeptToken } from './kept-token.js';
import { runnerOf } from './runner.js';
import { uploadAgentFor, type Way, wayOf } from './way-out.js';
import { WorkloadSession } from './workload-session.js';

/** What to do when the server wants a fresh proof. False: there is none to give. */
export type Prove = (client: Tidegate, refusal: TidegateError) => Promise<boolean>;

export interface Chosen {
  /** --context */
  readonly context?: string | undefined;
  /** --server */
  readonly server?: string | undefined;
  /** --ca */
  readonly ca?: string | undefined;
}

/**
 * The client that a command speaks through: TIDEGATE_TOKEN, a token that the runner of a job gives, or
 * the tokens of a context. The tokens of a context go to that context's server only, whatever --server
 * or TIDEGATE_SERVER say.
 */
export async function connect(
  environment: CliEnvironment,
  chosen: Chosen,
  prove?: Prove,
): Promise<Tidegate> {
  const wanted = chosen.server ?? environment.server;
  const way = wayOf(environment, chosen);
  const file = new ConfigFile(environment.configFile);
  if (environment.token !== undefined) {
    const server = wanted ?? (await file.context(chosen.context))?.server;
    if (server) return clientOf({ baseUrl: server, token: environment.token }, way, prove);
    throw new CliError('TIDEGATE_TOKEN is set, but no server: set TIDEGATE_SERVER or --server.');
  }
  if (chosen.context === undefined && isJobAsked(environment)) return job(environment, way, wanted);
  const { current } = await file.read();
  const name = chosen.context ?? current;
  const context = await file.context(chosen.context);
  if (!context && runnerOf(environment.job)) return job(environment, way, wanted);
  if (!context) {
    throw new CliError(
      `Nobody is signed in. Sign in: tidegate login --server ${wanted ?? 'https://…'}`,
    );
  }
  if (wanted !== undefined && !isSameServer(wanted, context.server)) {
    throw new CliError(
      `The context "${name}" is for ${context.server}, not for ${wanted}. Sign in there: tidegate login --server ${wanted} --context NAME`,
    );
  }
  return clientOf({ baseUrl: context.server, tokens: storeOf(file, name, context) }, way, prove);
}

/** Its job says so; that a runner offers tokens may be for somebody else. */
function isJobAsked({ job: { idToken, idTokenFile, audience } }: CliEnvironment): boolean {
  return [idToken, idTokenFile, audience].some((given) => given !== undefined);
}

function job(environment: CliEnvironment, way: Way, server: string | undefined): Tidegate {
  const { tenant, identity } = environment.job;
  const runner = runnerOf(environment.job);
  if (!runner) {
    throw new CliError(
      'TIDEGATE_AUDIENCE is set, but the runner offers no token. On GitHub the job needs "permissions: id-token: write"; elsewhere set TIDEGATE_ID_TOKEN or TIDEGATE_ID_TOKEN_FILE.',
    );
  }
  if (server === undefined) {
    throw new CliError('The runner offers a token, but no server: set TIDEGATE_SERVER.');
  }
  const kept = new KeptToken(dirname(environment.configFile));
  // An address that is none is said before anything is sent there.
  clientOf({ baseUrl: server }, way);
  const credentials = new WorkloadSession({ server, runner, kept, tenant, identity });
  return clientOf({ baseUrl: server, credentials }, way);
}

export function isSameServer(one: string, other: string): boolean {
  const plain = (text: string) =>
    (URL.canParse(text) ? new URL(text).href : text).replace(/\/+$/, '');
  return plain(one) === plain(other);
}

/** Read anew at each call: another command may have renewed the tokens meanwhile. */
function storeOf(file: ConfigFile, name: string, { server }: SavedContext): TokenStore {
  return {
    read: async () => {
      const found = (await file.read()).contexts[name];
      return found && found.server === server ? found : null;
    },
    write: (tokens) => file.renew(name, tokens),
  };
}

/** The proof is given by a client that asks nobody for another one. */
function clientOf(told: TidegateOptions, way: Way, prove?: Prove): Tidegate {
  try {
    const { baseUrl } = createTidegate(told);
    const options = { ...told, uploadAgent: uploadAgentFor(baseUrl, way) };
    const plain = createTidegate(options);
    if (!prove) return plain;
    return createTidegate({ ...options, onStepUp: (refusal) => prove(plain, refusal) });
  } catch (error) {
    if (error instanceof TypeError) throw new CliError(error.message);
    throw error;
  }
}
