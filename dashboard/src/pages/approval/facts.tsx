import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { ApprovalSubject } from '../../api/approvals.ts';
import { Card } from '../../ui/card.tsx';
import { Status } from '../../ui/status.tsx';
import { Ago } from '../../ui/time.tsx';

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="contents">
      <dt className="text-quiet">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </div>
  );
}

export function RolledOut({ subject }: { subject: ApprovalSubject }) {
  const { release, strategy, gate, subjectDigest, metadata } = subject;
  const looser = gate.limits.filter(({ standing }) => standing !== 'same');
  return (
    <Card title="How it is rolled out">
      <dl className="grid grid-cols-[8rem_1fr] gap-x-4 gap-y-2 p-4 text-[13px]">
        <Fact name="Strategy">
          {strategy.kind}{' '}
          <span className="font-mono text-xs text-quiet">{JSON.stringify(strategy.params)}</span>
        </Fact>
        <Fact name="Gate">
          {gate.kind}
          {looser.map(({ name, value, environment, standing }) => (
            <span key={name} className="block text-quiet">
              {name}: {value} ({standing} than the environment’s {environment})
            </span>
          ))}
        </Fact>
        <Fact name="Release by">
          {release.createdBy}, <Ago at={release.createdAt} />
        </Fact>
        <Fact name="Signed with">{release.signedWith ?? 'not signed'}</Fact>
        {Object.entries(metadata).map(([name, value]) => (
          <Fact key={name} name={name}>
            <span className="font-mono text-xs">{value}</span>
          </Fact>
        ))}
        <Fact name="You sign">
          <span className="font-mono text-xs break-all">{subjectDigest}</span>
        </Fact>
      </dl>
    </Card>
  );
}

const changes = {
  added: 'new there',
  changed: 'changes',
  same: 'stays',
  'left-out': 'left out',
} as const;

export function Nodes({ subject: { nodes } }: { subject: ApprovalSubject }) {
  return (
    <Card
      title="Nodes"
      aside={
        nodes.more > 0 ? <span className="text-xs text-quiet">and {nodes.more} more</span> : null
      }
    >
      <div className="max-h-72 overflow-auto" tabIndex={0} role="region" aria-label="Nodes">
        <table className="w-full text-[13px]">
          <thead className="sr-only">
            <tr>
              <th>Node</th>
              <th>Wave</th>
              <th>Change</th>
            </tr>
          </thead>
          <tbody className="divide-y divide-line">
            {nodes.items.map(({ name, state, wave, change, before, after }) => (
              <tr key={name}>
                <td className="px-4 py-1.5">
                  {name} {state === 'Healthy' ? null : <span className="text-warn">{state}</span>}
                </td>
                <td className="px-4 py-1.5 text-quiet">{wave === null ? '' : `wave ${wave}`}</td>
                <td className="px-4 py-1.5 text-quiet">
                  {changes[change]}
                  {change === 'changed' || change === 'added' ? (
                    <span className="font-mono text-xs">
                      {' '}
                      {before ?? 'nothing'} → {after}
                    </span>
                  ) : null}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

export function History({ subject: { releaseHistory, waiting } }: { subject: ApprovalSubject }) {
  if (releaseHistory.length + waiting.length === 0) return null;
  return (
    <Card title="The same release elsewhere, and what else is on its way">
      <ul className="divide-y divide-line">
        {[...waiting, ...releaseHistory].map(
          ({ id, version, environment, cluster, status, createdAt }) => (
            <li key={id} className="flex flex-wrap items-center gap-2 px-4 py-2 text-[13px]">
              <Link to="/deployments/$id" params={{ id }} className="font-mono hover:underline">
                {version}
              </Link>
              <span>
                {environment} · {cluster}
              </span>
              <Status status={status} />
              <span className="ml-auto text-xs text-quiet">
                <Ago at={createdAt} />
              </span>
            </li>
          ),
        )}
      </ul>
    </Card>
  );
}
