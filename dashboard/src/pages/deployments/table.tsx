import { Link } from '@tanstack/react-router';
import type { DeploymentSummary } from '../../api/deployments.ts';
import { Status } from '../../ui/status.tsx';
import { Ago, Lasting } from '../../ui/time.tsx';

const HEAD = 'px-4 py-2 text-left text-xs font-medium text-quiet whitespace-nowrap';
const CELL = 'px-4 py-2.5 align-top whitespace-nowrap';

export function DeploymentTable({ items }: { items: readonly DeploymentSummary[] }) {
  return (
    <div className="overflow-x-auto" tabIndex={0} role="region" aria-label="Deployments">
      <table className="w-full text-[13px]">
        <thead className="border-b border-line">
          <tr>
            {['What', 'Status', 'Where', 'How', 'By', 'Began', 'Took'].map((title) => (
              <th key={title} scope="col" className={HEAD}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {items.map((deployment) => (
            <Row key={deployment.id} {...deployment} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

const kinds = { deploy: null, rollback: 'rollback', retry: 'retry' } as const;

function Row(deployment: DeploymentSummary) {
  const { id, kind, moduleName, version, status, reason, waitingOn, strategy } = deployment;
  const { targetEnvironment, cluster, requestedBy, createdAt, startedAt, finishedAt } = deployment;
  const why = waitingOn?.detail ?? reason;
  return (
    <tr className="hover:bg-sunken">
      <td className={CELL}>
        <Link to="/deployments/$id" params={{ id }} className="font-semibold hover:underline">
          {moduleName} <span className="font-mono font-normal">{version}</span>
        </Link>
        {kinds[kind] ? <span className="ml-1.5 text-xs text-quiet">{kinds[kind]}</span> : null}
      </td>
      <td className="max-w-72 px-4 py-2.5 align-top">
        <Status status={status} />
        {why ? (
          <span className="mt-1 line-clamp-1 block text-xs text-quiet" title={why}>
            {why}
          </span>
        ) : null}
      </td>
      <td className={CELL}>
        {targetEnvironment} <span className="text-quiet">· {cluster}</span>
      </td>
      <td className={CELL}>{strategy.kind}</td>
      <td className={CELL}>{requestedBy}</td>
      <td className={CELL}>
        <Ago at={createdAt} />
      </td>
      <td className={CELL}>{startedAt ? <Lasting from={startedAt} to={finishedAt} /> : '–'}</td>
    </tr>
  );
}
