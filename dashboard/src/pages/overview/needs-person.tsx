import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { pendingQuery } from '../../api/approvals.ts';
import type { DeploymentSummary } from '../../api/deployments.ts';
import { useAskingAgain } from '../../live/use-live.ts';
import { Card, Empty } from '../../ui/card.tsx';
import { Loaded } from '../../ui/loading.tsx';
import { Ago } from '../../ui/time.tsx';

const ROW = 'flex items-baseline gap-2 px-4 py-2.5 text-[13px] hover:bg-sunken';

/** What goes on only when somebody says a word: approvals, and what a person has to look at. */
export function NeedsPerson({ newest }: { newest: readonly DeploymentSummary[] }) {
  const pending = useQuery({ ...pendingQuery(false), ...useAskingAgain() });
  const held = newest.filter(({ status }) => status === 'Paused');
  const unreviewed = newest.filter(({ breakGlass }) => breakGlass && !breakGlass.isReviewed);
  return (
    <Card title="Needs a person">
      <Loaded query={pending} what="The approvals">
        {({ items }) =>
          items.length + held.length + unreviewed.length === 0 ? (
            <Empty>Nothing waits for anybody.</Empty>
          ) : (
            <ul className="divide-y divide-line">
              {items.map(({ id, moduleName, version, targetEnvironment, deadlineAt }) => (
                <li key={id}>
                  <Link to="/approvals/$id" params={{ id }} className={ROW}>
                    <span className="min-w-0 flex-1">
                      Approve <strong className="font-semibold">{moduleName}</strong> {version} in{' '}
                      {targetEnvironment}
                    </span>
                    <span className="shrink-0 text-xs text-quiet">
                      ends <Ago at={deadlineAt} />
                    </span>
                  </Link>
                </li>
              ))}
              {held.map(({ id, moduleName, version, waitingOn }) => (
                <li key={id}>
                  <Link to="/deployments/$id" params={{ id }} className={ROW}>
                    <span className="min-w-0 flex-1">
                      Resume or cancel <strong className="font-semibold">{moduleName}</strong>{' '}
                      {version}
                      <span className="block text-xs text-quiet">{waitingOn?.detail}</span>
                    </span>
                  </Link>
                </li>
              ))}
              {unreviewed.map(({ id, moduleName, version }) => (
                <li key={id}>
                  <Link to="/deployments/$id" params={{ id }} className={ROW}>
                    Review <strong className="font-semibold">{moduleName}</strong> {version}:
                    started without its approvals
                  </Link>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  );
}
