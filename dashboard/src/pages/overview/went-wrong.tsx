import type { UseQueryResult } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Schemas } from '../../api/client.ts';
import { Card, Empty } from '../../ui/card.tsx';
import { Loaded } from '../../ui/loading.tsx';
import { Status } from '../../ui/status.tsx';
import { Ago } from '../../ui/time.tsx';

export function WentWrong({ query }: { query: UseQueryResult<Schemas['DeploymentPage'], Error> }) {
  return (
    <Card title="Went wrong last">
      <Loaded query={query} what="What went wrong">
        {({ items }) => (items.length === 0 ? <Empty>Nothing did.</Empty> : <List wrong={items} />)}
      </Loaded>
    </Card>
  );
}

function List({ wrong }: { wrong: readonly Schemas['DeploymentSummary'][] }) {
  return (
    <ul className="divide-y divide-line">
      {wrong.map(
        ({ id, moduleName, version, targetEnvironment, status, reason, finishedAt, createdAt }) => (
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
              {reason ? <span className="mt-1 line-clamp-2 block text-quiet">{reason}</span> : null}
            </Link>
          </li>
        ),
      )}
    </ul>
  );
}
