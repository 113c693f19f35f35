/** Which level of a setting a command is about. */
import { type Command, Option } from 'commander';

export interface LevelOptions {
  readonly environment?: string;
  readonly scope?: 'platform' | 'tenant' | 'environment';
}

export function levelOptions(command: Command): Command {
  return command
    .option('--environment <name>', 'the level of this environment')
    .addOption(
      new Option('--scope <level>', 'the level, where it is not clear').choices([
        'platform',
        'tenant',
        'environment',
      ]),
    );
}

/** Without either the server knows: the tenant, or in the reserved one the platform. */
export function levelOf({ environment, scope }: LevelOptions) {
  return {
    ...(environment === undefined ? {} : { environment }),
    ...(scope === undefined ? {} : { scope }),
  };
}
