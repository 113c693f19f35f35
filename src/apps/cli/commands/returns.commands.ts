import type { Command } from 'commander';
import { answer, type components } from '#sdk';
import { tellAccepted } from '../accepted.js';
import { examples, type Actions } from '../cli.js';

type RollbackRequest = components['schemas']['RollbackRequest'];
type RetryRequest = components['schemas']['RetryRequest'];

interface RetryOptions {
  readonly reason?: string;
  readonly allowNoRollback?: boolean;
  readonly wait?: boolean;
}

interface RollbackOptions extends RetryOptions {
  readonly to?: string;
  readonly strategy?: string;
}

const ID = '0199a3c2-7d1e-7c4a-9d55-0f6f3b1c2a10';
const OTHER_ID = '01998f10-33aa-7b02-8c41-5d7e90ab12cd';
const NO_WAY_BACK = 'go ahead even if what runs now could not be restored';
const EXIT_CODES =
  '\nExit codes: 0 accepted, or with --wait succeeded, 1 usage, 2 refused, 3 failed,\nrolled back or cancelled\n';

/** What makes a new deployment of one that is over: going back, and trying again. */
export function addReturns(deployments: Command, { act }: Actions): void {
  deployments
    .command('rollback')
    .description('Go back to what ran before a deployment, as a new deployment.')
    .argument('<id>')
    .option('--to <id>', 'a deployment that succeeded there; the one before by default')
    .option('--strategy <kind>', 'direct by default: all nodes at once')
    .option('--reason <words>', 'kept for the record')
    .option('--allow-no-rollback', NO_WAY_BACK)
    .option('--wait', 'show the progress, and end with the outcome as exit code')
    .addHelpText(
      'after',
      examples(
        `tidegate deployments rollback ${ID} --reason "orders are rejected" --wait`,
        `tidegate deployments rollback ${ID} --to ${OTHER_ID} --strategy rolling`,
      ) + EXIT_CODES,
    )
    .action(
      act(async (cli, id: string, options: RollbackOptions) => {
        const client = await cli.connect();
        const body = rollbackRequestOf(options);
        const accepted = await answer(
          client.api.POST('/api/v1/deployments/{id}/rollback', { params: { path: { id } }, body }),
        );
        return tellAccepted(cli, client, accepted, { isFollowed: options.wait === true });
      }),
    );
  deployments
    .command('retry')
    .description('Try a deployment again that did not succeed, as a new deployment.')
    .argument('<id>')
    .option('--reason <words>', 'kept for the record')
    .option('--allow-no-rollback', NO_WAY_BACK)
    .option('--wait', 'show the progress, and end with the outcome as exit code')
    .addHelpText(
      'after',
      examples(`tidegate deployments retry ${ID} --reason "the disk of node-3 was full" --wait`) +
        EXIT_CODES,
    )
    .action(
      act(async (cli, id: string, options: RetryOptions) => {
        const client = await cli.connect();
        const body = retryRequestOf(options);
        const accepted = await answer(
          client.api.POST('/api/v1/deployments/{id}/retry', { params: { path: { id } }, body }),
        );
        return tellAccepted(cli, client, accepted, { isFollowed: options.wait === true });
      }),
    );
}

function rollbackRequestOf(options: RollbackOptions): RollbackRequest {
  const { to, strategy } = options;
  return {
    ...(to === undefined ? {} : { to }),
    ...(strategy === undefined ? {} : { strategy: { kind: strategy } }),
    ...retryRequestOf(options),
  };
}

/** What was not said is not sent: a retry goes by its origin then, not by a "no". */
function retryRequestOf({ reason, allowNoRollback }: RetryOptions): RetryRequest {
  return {
    ...(reason === undefined ? {} : { reason }),
    ...(allowNoRollback ? { allowNoRollback } : {}),
  };
}
