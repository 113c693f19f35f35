import { useQuery } from '@tanstack/react-query';
import { planQuery } from '../../api/deployments.ts';
import { Loaded } from '../../ui/loading.tsx';
import { lastingText } from '../../ui/time-text.ts';

export function Plans({ id }: { id: string }) {
  const plans = useQuery(planQuery(id));
  return (
    <Loaded query={plans} what="The plan">
      {({ plans: all }) => (
        <div className="divide-y divide-line">
          {all.map(({ number, role, planDigest, steps }) => (
            <section key={number} className="p-4">
              <h3 className="text-[13px] font-semibold">
                {role === 'undo' ? 'The way back' : 'The rollout'}{' '}
                <span className="ml-1 font-mono text-xs font-normal break-all text-quiet">
                  {planDigest}
                </span>
              </h3>
              <ol className="mt-3 space-y-1.5">
                {steps.map((step) => (
                  <li key={step.id} className="grid grid-cols-[10rem_1fr_auto] gap-3 text-[13px]">
                    <span
                      className="truncate font-mono text-xs leading-5 text-quiet"
                      title={step.id}
                    >
                      {step.id}
                    </span>
                    <span className="min-w-0">
                      {step.title}
                      {step.nodes.length > 0 ? (
                        <span
                          className="block truncate text-xs text-quiet"
                          title={step.nodes.join(', ')}
                        >
                          {step.nodes.join(', ')}
                        </span>
                      ) : null}
                    </span>
                    <span className="tabular text-xs leading-5 text-quiet">
                      at most {lastingText(step.deadlineMs)}
                    </span>
                  </li>
                ))}
              </ol>
            </section>
          ))}
        </div>
      )}
    </Loaded>
  );
}
