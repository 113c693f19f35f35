import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ApprovalSubject, subjectQuery } from '../../api/approvals.ts';
import { useId } from '../../app/params.ts';
import { useTitle } from '../../app/titled.tsx';
import { useAskingAgain } from '../../live/use-live.ts';
import { Card } from '../../ui/card.tsx';
import { Heading } from '../../ui/heading.tsx';
import { Loaded } from '../../ui/loading.tsx';
import { Status } from '../../ui/status.tsx';
import { Ago } from '../../ui/time.tsx';
import { Decide } from './decide.tsx';
import { Differences } from './differences.tsx';
import { Decisions, Rules } from './rules.tsx';
import { History, Nodes, RolledOut } from './facts.tsx';

/** What one would sign, as what changes; and the word that signs it. */
export default function ApprovalPage() {
  const id = useId();
  const query = useQuery({ ...subjectQuery(id), ...useAskingAgain() });
  return (
    <Loaded query={query} what="What is to be approved">
      {(subject) => <Shown key={subject.deploymentId} subject={subject} />}
    </Loaded>
  );
}

function Shown({ subject }: { subject: ApprovalSubject }) {
  const { deploymentId, moduleName, version, targetEnvironment, cluster, status, request } =
    subject;
  useTitle(`Approve ${moduleName} ${version}`);
  return (
    <>
      <Heading
        title={
          <>
            {moduleName} <span className="font-mono text-lg font-normal">{version}</span>
          </>
        }
      >
        <Status status={status} />
        <Link
          to="/deployments/$id"
          params={{ id: deploymentId }}
          className="ml-auto text-[13px] text-tide underline"
        >
          The deployment
        </Link>
      </Heading>
      <p className="-mt-3 mb-5 text-[13px] text-quiet">
        {targetEnvironment} · {cluster} · asked by {request?.requestedBy ?? subject.requestedBy}
        {request ? (
          <>
            , <Ago at={request.askedAt} />
            {request.endedAt ? null : (
              <>
                {' '}
                · ends <Ago at={request.deadlineAt} />
              </>
            )}
          </>
        ) : null}
      </p>
      <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <div className="space-y-5">
          <Card title="What changes">
            <Differences subject={subject} />
          </Card>
          <RolledOut subject={subject} />
          <Nodes subject={subject} />
          <History subject={subject} />
        </div>
        <div className="space-y-5 lg:sticky lg:top-16">
          <Decide key={subject.subjectDigest} subject={subject} />
          <Rules subject={subject} />
          <Decisions subject={subject} />
        </div>
      </div>
    </>
  );
}
