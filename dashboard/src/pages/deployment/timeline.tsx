import { useQuery } from '@tanstack/react-query';
import { clsx } from 'clsx';
import { type Deployment, isOver, planQuery } from '../../api/deployments.ts';
import { Loaded } from '../../ui/loading.tsx';
import { Lasting } from '../../ui/time.tsx';
import { stepsOf, type StepStanding } from './steps-of.ts';
import { useEvents } from './use-events.ts';

/** What has been done, by waves, how long each step took, and where it went wrong: there the error stands. */
export function Timeline({ deployment }: { deployment: Deployment }) {
  const plans = useQuery(planQuery(deployment.id));
  const { events } = useEvents(deployment.id, deployment.sequence);
  return (
    <Loaded query={plans} what="The timeline">
      {({ plans: all }) => (
        <div className="divide-y divide-line">
          {all.map(({ number, role, steps }) => (
            <section key={number} className="p-4">
              <h3 className="mb-3 text-[13px] font-semibold">
                {role === 'undo' ? 'The way back' : 'The rollout'}
              </h3>
              <Steps steps={stepsOf(steps, events)} deployment={deployment} />
            </section>
          ))}
        </div>
      )}
    </Loaded>
  );
}

interface Props {
  readonly steps: readonly StepStanding[];
  readonly deployment: Deployment;
}

function Steps({ steps, deployment }: Props) {
  const { decision, progress, status } = deployment;
  return (
    <ol className="space-y-0.5">
      {steps.map((step, index) => {
        const isNow = !isOver(status) && progress.step === step.id;
        const isFirst = step.wave !== steps[index - 1]?.wave;
        return (
          <li
            key={step.id}
            className="grid grid-cols-[4.5rem_1rem_1fr_auto] items-start gap-x-3 text-[13px]"
          >
            <span className="pt-1 text-xs font-medium text-quiet">
              {isFirst && step.wave > 0 ? `Wave ${step.wave}` : ''}
            </span>
            <span className="flex h-full flex-col items-center">
              <span
                aria-hidden
                className={clsx(
                  'mt-2 size-2.5 shrink-0 rounded-full',
                  isNow ? 'bg-tide ring-4 ring-tide-soft' : dots[step.state],
                )}
              />
              {index < steps.length - 1 ? (
                <span aria-hidden className="mt-1 w-px flex-1 bg-line" />
              ) : null}
            </span>
            <span className={clsx('pt-1 pb-2', step.state === 'waiting' && !isNow && 'text-quiet')}>
              {step.title}
              <span className="sr-only">, {isNow ? 'under way' : step.state}</span>
              {step.nodes.length > 0 ? <Nodes names={step.nodes} /> : null}
              {decision?.step === step.id ? (
                <span className="mt-1 block rounded-md bg-bad-soft px-2.5 py-1.5">
                  {decision.reason}
                </span>
              ) : step.problem ? (
                <span className="mt-1 block rounded-md bg-warn-soft px-2.5 py-1.5">
                  {step.problem}
                </span>
              ) : null}
            </span>
            <span className="pt-1 text-xs text-quiet">
              {step.startedAt && (step.endedAt || isNow) ? (
                <Lasting from={step.startedAt} to={step.endedAt} />
              ) : null}
            </span>
          </li>
        );
      })}
    </ol>
  );
}

const dots: Record<StepStanding['state'], string> = {
  waiting: 'border border-quiet bg-surface',
  started: 'bg-tide',
  done: 'bg-good',
  failed: 'bg-bad',
};

const NAMED = 8;

function Nodes({ names }: { names: readonly string[] }) {
  const more = names.length - NAMED;
  return (
    <span className="block text-xs text-quiet" title={names.join(', ')}>
      {names.slice(0, NAMED).join(', ')}
      {more > 0 ? ` and ${more} more` : ''}
    </span>
  );
}
