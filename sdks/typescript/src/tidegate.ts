import type { Agent } from 'node:http';
import createClient, { type Client } from 'openapi-fetch';
import { followAll, type FollowAllOptions, type FollowGap } from './follow-all.js';
import { followDeployment, type DeploymentNews, type FollowOptions } from './follow-deployment.js';
import { pushRelease, type PushedRelease, type ReleasePush } from './push-release.js';
import type { LiveEvent } from './seen-deployments.js';
import type { components, paths } from './schema.js';
import { fixedToken, memoryStore, Session, type Credentials } from './session.js';
import type { Login, TokenPair, TokenStore } from './session.js';
import { reach, transport, type StepUp } from './transport.js';

export interface TidegateOptions {
  /** For example `https://tidegate.example.com`. */
  readonly baseUrl: string;
  /** An access key or an access token; is not renewed. */
  readonly token?: string | undefined;
  /** Whoever knows how to get a token by other means, such as a pipeline from its runner. */
  readonly credentials?: Credentials | undefined;
  /** Signs in at the first call, and again when the session has ended. */
  readonly login?: Login | undefined;
  /** Tokens of an earlier session; renewed ones are written to it. In memory by default. */
  readonly tokens?: TokenStore | undefined;
  /**
   * Asked when the server wants a fresh proof that it is you (`step-up-required`). True: one was given,
   * and the request is sent once more.
   */
  readonly onStepUp?: StepUp | undefined;
  /** How artifacts reach the server, when that is through a proxy: they are not sent by `fetch`. */
  readonly uploadAgent?: Agent | undefined;
}

export type DeploymentRequest = components['schemas']['DeploymentRequest'];
export type DeploymentAccepted = components['schemas']['DeploymentAccepted'];

export interface Tidegate {
  readonly baseUrl: string;
  /**
   * Every operation of the API, typed. Refusals are thrown as TidegateError, a server that does not
   * answer as UnreachableError; use `answer(…)` to get the body of a success.
   */
  readonly api: Client<paths>;
  deploy(
    request: DeploymentRequest,
    options?: { readonly idempotencyKey?: string | undefined },
  ): Promise<DeploymentAccepted>;
  pushRelease(push: ReleasePush): Promise<PushedRelease>;
  followDeployment(id: string, options?: FollowOptions): AsyncGenerator<DeploymentNews>;
  /** Every event of every deployment from now on, once each; needs the package socket.io-client. */
  followAll(options?: FollowAllOptions): AsyncGenerator<LiveEvent | FollowGap>;
}

/** The client of one server and one identity. Throws TypeError for a base URL that is none. */
export function createTidegate(options: TidegateOptions): Tidegate {
  const baseUrl = readBaseUrl(options.baseUrl);
  const credentials = credentialsOf(baseUrl, options);
  const api = createClient<paths>({ baseUrl, fetch: transport(credentials, options.onStepUp) });
  return {
    baseUrl,
    api,
    deploy: (body, { idempotencyKey } = {}) =>
      answer(
        api.POST('/api/v1/deployments', {
          body,
          ...(idempotencyKey ? { headers: { 'Idempotency-Key': idempotencyKey } } : {}),
        }),
      ),
    pushRelease: (push) =>
      pushRelease({ baseUrl, credentials, uploadAgent: options.uploadAgent }, push),
    followAll: (follow) => followAll({ baseUrl, token: () => credentials.token() }, follow),
    followDeployment: (id, follow) => {
      const path = { id };
      return followDeployment(
        {
          deployment: () => answer(api.GET('/api/v1/deployments/{id}', { params: { path } })),
          eventsAfter: (after) =>
            answer(
              api.GET('/api/v1/deployments/{id}/events', {
                params: { path, query: { after, limit: 200 } },
              }),
            ),
        },
        { baseUrl, deploymentId: id, token: () => credentials.token() },
        follow,
      );
    },
  };
}

/** One sign-in, without a client: what a program keeps that asks for a password once. */
export async function signIn(baseUrl: string, login: Login): Promise<TokenPair> {
  const store = memoryStore();
  const session = new Session(readBaseUrl(baseUrl), reach, store, login);
  await session.token();
  return (await store.read())!;
}

/** The body of a success; refusals were thrown before. */
export async function answer<T>(call: Promise<{ data?: T; response: Response }>): Promise<T> {
  const { data } = await call;
  return data as T;
}

function credentialsOf(baseUrl: string, options: TidegateOptions): Credentials {
  const { token, credentials, login = null, tokens } = options;
  if (credentials) return credentials;
  if (token !== undefined) return fixedToken(token);
  return new Session(baseUrl, reach, tokens ?? memoryStore(), login);
}

function readBaseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw new TypeError(
      `"${text}" is not an address: give one such as https://tidegate.example.com`,
    );
  }
  if (url.username || url.password) {
    throw new TypeError('The address must not contain a name or password: sign in instead.');
  }
  return url.origin + url.pathname.replace(/\/+$/, '');
}
