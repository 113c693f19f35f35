import { Option, type Command } from 'commander';
import { answer, type Tidegate } from '#sdk';
import { examples, type Actions, type Cli } from '../cli.js';

const ID = '0199a3c2-7d1e-7c4a-9d55-0f6f3b1c2a10';

const VERBS = {
  pause: 'Pause a deployment; after a day it is rolled back.',
  cancel: 'Stop a deployment and roll back what has moved.',
} as const;

/** What may be asked of a deployment that is not over. */
export function addVerbs(deployments: Command, { act }: Actions): void {
  for (const verb of ['pause', 'cancel'] as const) {
    const command = deployments
      .command(verb)
      .description(VERBS[verb])
      .argument('<id>')
      .option('--reason <words>', 'kept for the record')
      .addHelpText(
        'after',
        examples(`tidegate deployments ${verb} ${ID} --reason "looking at the logs"`),
      );
    if (verb === 'cancel') command.option('--leave', 'leave the nodes as they are');
    command.action(
      act(async (cli, id: string, options: { reason?: string; leave?: boolean }) => {
        const { api } = await cli.connect();
        const params = { path: { id } };
        const body = options.reason === undefined ? {} : { reason: options.reason };
        const accepted = await answer(
          verb === 'cancel'
            ? api.POST('/api/v1/deployments/{id}/cancel', {
                params,
                body: { ...body, leave: options.leave === true },
              })
            : api.POST(`/api/v1/deployments/{id}/${verb}`, { params, body }),
        );
        tellAsked(cli, accepted);
      }),
    );
  }
  addResume(deployments, { act });
  addPromote(deployments, { act });
}

interface ResumeOptions {
  readonly reason?: string;
  readonly outcome?: 'done' | 'retry';
  readonly node?: string;
}

function addResume(deployments: Command, { act }: Actions): void {
  deployments
    .command('resume')
    .description('Let a paused deployment go on.')
    .argument('<id>')
    .option('--reason <words>', 'kept for the record; needed with --outcome')
    .addOption(
      new Option(
        '--outcome <outcome>',
        'what became of a hook that a crash interrupted: done, or to be run again',
      ).choices(['done', 'retry']),
    )
    .option('--node <name>', 'the node that the outcome is about; all without it')
    .addHelpText(
      'after',
      examples(
        `tidegate deployments resume ${ID}`,
        `tidegate deployments resume ${ID} --outcome done --reason "the index is there"`,
      ),
    )
    .action(
      act(async (cli, id: string, { reason, outcome, node }: ResumeOptions) => {
        const { api } = await cli.connect();
        const body = {
          ...(reason === undefined ? {} : { reason }),
          ...(outcome === undefined ? {} : { outcome }),
          ...(node === undefined ? {} : { node }),
        };
        const params = { path: { id } };
        tellAsked(cli, await answer(api.POST('/api/v1/deployments/{id}/resume', { params, body })));
      }),
    );
}

interface PromoteOptions {
  readonly reason: string;
  readonly step?: string;
}

function addPromote(deployments: Command, { act }: Actions): void {
  deployments
    .command('promote')
    .description('End the open gate now: the next wave begins. Refused while the gate is unstable.')
    .argument('<id>')
    .requiredOption('--reason <words>', 'why waiting is not needed; stays in the journal')
    .option(
      '--step <step>',
      'only if this gate is the open one; the one that is open now without it',
    )
    .addHelpText(
      'after',
      examples(
        `tidegate deployments promote ${ID} --reason "hotfix for the outage; checked by hand"`,
        `tidegate deployments promote ${ID} --reason "checked by hand" --step w1.stabilization`,
      ),
    )
    .action(
      act(async (cli, id: string, { reason, step }: PromoteOptions) => {
        const { api } = await cli.connect();
        const params = { path: { id } };
        // A request that is sent twice on its way must not end the next gate, too.
        const meant = step ?? (await presentStep(api, id));
        const body = { reason, ...(meant === null ? {} : { step: meant }) };
        tellAsked(
          cli,
          await answer(api.POST('/api/v1/deployments/{id}/promote', { params, body })),
          meant,
        );
      }),
    );
}

/** Null: it is over, and the server says so better. */
async function presentStep(api: Tidegate['api'], id: string): Promise<string | null> {
  const params = { path: { id } };
  const { progress } = await answer(api.GET('/api/v1/deployments/{id}', { params }));
  return progress.step;
}

interface Accepted {
  readonly id: string;
  readonly verb: string;
  readonly status: string;
}

function tellAsked(cli: Cli, accepted: Accepted, step: string | null = null): void {
  const { id, verb, status } = accepted;
  const what = step === null ? verb : `${verb} of ${step}`;
  cli.terminal.result(accepted, [
    `Asked for ${what}; the deployment is ${status} now. Watch it: tidegate deployments watch ${id}`,
  ]);
}
