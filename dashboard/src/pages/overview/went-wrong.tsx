import { Link } from '@tanstack/react-router';
import { type DeploymentSummary, WENT_WRONG } from '../../api/deployments.ts';
import { Card, Empty } from '../../ui/card.tsx';
import { Status } from '../../ui/status.tsx';
import { Ago } from '../../ui/time.tsx';

const SHOWN = 5;

export function WentWrong({ newest }: { newest: readonly DeploymentSummary[] }) {
  const wrong = newest.filter(({ status }) => WENT_WRONG.includes(status)).slice(0, SHOWN);
  return (
    <Card title="Went wrong last">
      {wrong.length === 0 ? (
        <Empty>Nothing did, in the last {newest.length} deployments.</Empty>
      ) : null}
      <ul className="divide-y divide-line">
        {wrong.map(
          ({
            id,
            moduleName,
            version,
            targetEnvironment,
            status,
            reason,
            finishedAt,
            createdAt,
          }) => (
            <li key={id}>
              <Link
                to="/deployments/$id"
                params={{ id }}
                className="block px-4 py-2.5 text-[13px] hover:bg-sunken"
              >
                <span className="flex flex-wrap items-center gap-2">
                  <strong className="font-semibold">{moduleName}</strong>
                  <span className="font-mono">{version}</span>
                  <Status status={status} />
                  <span className="ml-auto text-xs text-quiet">
                    {targetEnvironment}, <Ago at={finishedAt ?? createdAt} />
                  </span>
                </span>
                {reason ? (
                  <span className="mt-1 line-clamp-2 block text-quiet">{reason}</span>
                ) : null}
              </Link>
            </li>
          ),
        )}
      </ul>
    </Card>
  );
}
