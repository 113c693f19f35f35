import { homedir } from 'node:os';
import { join } from 'node:path';

/** What the command line takes from the environment. */
export interface CliEnvironment {
  readonly server: string | undefined;
  readonly token: string | undefined;
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
  const configHome = given('XDG_CONFIG_HOME') ?? join(homedir(), '.config');
  return {
    server: given('TIDEGATE_SERVER'),
    token: given('TIDEGATE_TOKEN'),
    configFile: join(configHome, 'tidegate', 'config.json'),
    isColorRefused: given('NO_COLOR') !== undefined || variables['TERM'] === 'dumb',
  };
}
