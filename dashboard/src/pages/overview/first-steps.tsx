import { useQuery } from '@tanstack/react-query';
import { modulesQuery, nodesQuery } from '../../api/deployments.ts';
import { Card } from '../../ui/card.tsx';
import { Command } from '../../ui/command.tsx';

/** An empty tenant: from nothing to the first deployment. */
export function FirstSteps() {
  const nodes = useQuery(nodesQuery).data?.items.length ?? 0;
  const modules = useQuery(modulesQuery).data?.items.length ?? 0;
  const server = window.location.origin;
  return (
    <Card title="Your first deployment, in three steps">
      <ol className="divide-y divide-line">
        <Step
          number={1}
          title="Connect a node"
          isDone={nodes > 0}
          told={
            nodes > 0
              ? `${nodes} connected.`
              : 'On your machine; the last line is for the node, with the token that was printed.'
          }
          commands={[
            `npx tidegate login --server ${server}`,
            'npx tidegate nodes token --name web-1 --environment Development',
            `TIDEGATE_ENROLLMENT_TOKEN=… npm run agent -- --server ${server} --name web-1`,
          ]}
        />
        <Step
          number={2}
          title="Push a release"
          isDone={modules > 0}
          told={
            modules > 0
              ? `${modules} modules are here.`
              : 'A folder with what you have built, and a manifest that says how it is started.'
          }
          commands={[
            'npx tidegate release push my-service 1.0.0 --manifest manifest.json --artifact build/',
          ]}
        />
        <Step
          number={3}
          title="Deploy it"
          isDone={false}
          told="It is here as soon as it begins."
          commands={['npx tidegate deploy my-service 1.0.0 --to Development --wait']}
        />
      </ol>
    </Card>
  );
}

interface StepProps {
  readonly number: number;
  readonly title: string;
  readonly told: string;
  readonly isDone: boolean;
  readonly commands: readonly string[];
}

function Step({ number, title, told, isDone, commands }: StepProps) {
  return (
    <li className="grid gap-3 px-4 py-4 sm:grid-cols-[2rem_1fr]">
      <span
        className={`grid size-7 place-items-center rounded-full text-[13px] font-semibold ${isDone ? 'bg-good-soft text-good' : 'bg-tide-soft text-tide'}`}
      >
        {isDone ? '✓' : number}
      </span>
      <div className="min-w-0">
        <h3 className="font-semibold">{title}</h3>
        <p className="mb-2 text-[13px] text-quiet">{told}</p>
        <div className="space-y-2">
          {commands.map((command) => (
            <Command key={command} text={command} />
          ))}
        </div>
      </div>
    </li>
  );
}
