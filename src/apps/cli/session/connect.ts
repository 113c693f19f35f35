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

/** What to do when the server wants a fresh proof. False: there is none to give. */
export type Prove = (client: Tidegate, refusal: TidegateError) => Promise<boolean>;

export interface Chosen {
  /** --context */
  readonly context?: string | undefined;
  /** --server */
  readonly server?: string | undefined;
}

/**
 * The client that a command speaks through: TIDEGATE_TOKEN, or the tokens of a context. The tokens
 * of a context go to that context's server only, whatever --server or TIDEGATE_SERVER say.
 */
export async function connect(
  environment: CliEnvironment,
  chosen: Chosen,
  prove?: Prove,
): Promise<Tidegate> {
  const wanted = chosen.server ?? environment.server;
  const file = new ConfigFile(environment.configFile);
  if (environment.token !== undefined) {
    const server = wanted ?? (await file.context(chosen.context))?.server;
    if (server) return clientOf({ baseUrl: server, token: environment.token }, prove);
    throw new CliError('TIDEGATE_TOKEN is set, but no server: set TIDEGATE_SERVER or --server.');
  }
  const { current } = await file.read();
  const name = chosen.context ?? current;
  const context = await file.context(chosen.context);
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
  return clientOf({ baseUrl: context.server, tokens: storeOf(file, name, context) }, prove);
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
function clientOf(options: TidegateOptions, prove?: Prove): Tidegate {
  try {
    const plain = createTidegate(options);
    if (!prove) return plain;
    return createTidegate({ ...options, onStepUp: (refusal) => prove(plain, refusal) });
  } catch (error) {
    if (error instanceof TypeError) throw new CliError(error.message);
    throw error;
  }
}
