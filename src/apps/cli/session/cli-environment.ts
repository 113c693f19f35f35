import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Proxies } from './way-out.js';

/** What a runner of CI offers, and what its job says to whom it is. */
export interface JobEnvironment {
  /** GitHub: where a token can be asked for as often as needed, and by what. */
  readonly github: { readonly url: string; readonly secret: string } | null;
  /** GitLab and others: one for the whole job. */
  readonly idToken: string | undefined;
  /** A file that somebody keeps fresh. */
  readonly idTokenFile: string | undefined;
  readonly audience: string | undefined;
  readonly tenant: string | undefined;
  readonly identity: string | undefined;
}

/** What the command line takes from the environment. */
export interface CliEnvironment {
  readonly server: string | undefined;
  readonly token: string | undefined;
  /** A file: the authority that has signed the server's certificate. */
  readonly ca: string | undefined;
  readonly proxies: Proxies;
  readonly job: JobEnvironment;
  readonly configFile: string;
  /** https://no-color.org: any value that is not empty. */
  readonly isColorRefused: boolean;
}

/**
 * The CLI is a program on a person's machine and not a process of the platform, so the platform's
 * configuration does not reach it; it reads its few variables here and nowhere else.
 */
// eslint-disable-next-line no-restricted-properties
export function readCliEnvironment(variables: NodeJS.ProcessEnv = process.env): CliEnvironment {
  const given = (name: string) => variables[name] || undefined;
  const proxy = (name: string) => given(name.toLowerCase()) ?? given(name);
  const configHome = given('XDG_CONFIG_HOME') ?? join(homedir(), '.config');
  const [url, secret] = ['URL', 'TOKEN'].map((end) => given(`ACTIONS_ID_TOKEN_REQUEST_${end}`));
  return {
    server: given('TIDEGATE_SERVER'),
    token: given('TIDEGATE_TOKEN'),
    ca: given('TIDEGATE_CA'),
    proxies: { http: proxy('HTTP_PROXY'), https: proxy('HTTPS_PROXY'), none: proxy('NO_PROXY') },
    job: {
      github: url && secret ? { url, secret } : null,
      idToken: given('TIDEGATE_ID_TOKEN'),
      idTokenFile: given('TIDEGATE_ID_TOKEN_FILE'),
      audience: given('TIDEGATE_AUDIENCE'),
      tenant: given('TIDEGATE_TENANT'),
      identity: given('TIDEGATE_IDENTITY'),
    },
    configFile: join(configHome, 'tidegate', 'config.json'),
    isColorRefused: given('NO_COLOR') !== undefined || variables['TERM'] === 'dumb',
  };
}
