import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Schemas } from '../../api/client.ts';
import { type DeploymentSummary, deploymentQuery, readingOf } from '../../api/deployments.ts';
import { Card, Empty } from '../../ui/card.tsx';
import { GateReadings } from '../../ui/gate.tsx';
import { Loaded } from '../../ui/loading.tsx';
import { Status } from '../../ui/status.tsx';
import { Lasting } from '../../ui/time.tsx';
import { WaitingOn } from '../../ui/waiting-on.tsx';
import { Waves } from '../../ui/waves.tsx';

/** In full: more than that nobody reads at one look, and the list has the rest. */
export const SHOWN = 6;

type Page = Schemas['DeploymentPage'];

export function InFlight({ query }: { query: UseQueryResult<Page, Error> }) {
  return (
    <Card title="In flight">
      <Loaded query={query} what="What is in flight">
        {({ items, nextCursor }) => (
          <>
            {items.length === 0 ? <Empty>Nothing is being rolled out.</Empty> : null}
            <ul className="divide-y divide-line">
              {items.map((deployment) => (
                <li key={deployment.id} className="px-4 py-4">
                  <Rollout {...deployment} />
                </li>
              ))}
            </ul>
            {nextCursor ? (
              <Link to="/deployments" className="block px-4 py-3 text-[13px] text-tide underline">
                There are more
              </Link>
            ) : null}
          </>
        )}
      </Loaded>
    </Card>
  );
}

function Rollout({
  id,
  moduleName,
  version,
  targetEnvironment,
  cluster,
  createdAt,
}: DeploymentSummary) {
  const query = useQuery(deploymentQuery(id));
  return (
    <article className="space-y-3" aria-label={`${moduleName} ${version}`}>
      <div className="flex flex-wrap items-baseline gap-x-2 gap-y-1">
        <Link to="/deployments/$id" params={{ id }} className="font-semibold hover:underline">
          {moduleName} <span className="font-mono text-[13px] font-normal">{version}</span>
        </Link>
        <span className="text-[13px] text-quiet">
          {targetEnvironment} · {cluster}
        </span>
        <span className="ml-auto text-xs text-quiet">
          <Lasting from={createdAt} to={null} />
        </span>
      </div>
      <Loaded query={query} what={`${moduleName} ${version}`}>
        {({ status, progress, waitingOn, gateCheck }) => {
          const reading = readingOf(gateCheck?.reading);
          return (
            <div className="space-y-3">
              <Waves waves={progress.waves} isOver={false} />
              <div className="flex flex-wrap items-center gap-2">
                <Status status={status} />
                {waitingOn ? (
                  <WaitingOn waiting={waitingOn} isBrief={reading !== null} />
                ) : (
                  <p className="text-[13px] text-quiet">{progress.title}</p>
                )}
              </div>
              {reading ? <GateReadings reading={reading} /> : null}
            </div>
          );
        }}
      </Loaded>
    </article>
  );
}
