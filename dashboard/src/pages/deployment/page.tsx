import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type Deployment, deploymentQuery, isOver, readingOf } from '../../api/deployments.ts';
import { useAddress } from '../../app/search.ts';
import { useId } from '../../app/params.ts';
import { useTitle } from '../../app/titled.tsx';
import { useAskingAgain } from '../../live/use-live.ts';
import { Card, Empty } from '../../ui/card.tsx';
import { GateReadings } from '../../ui/gate.tsx';
import { Heading } from '../../ui/heading.tsx';
import { Loaded } from '../../ui/loading.tsx';
import { Status, statusWords } from '../../ui/status.tsx';
import { Tabs } from '../../ui/tabs.tsx';
import { Ago, Lasting } from '../../ui/time.tsx';
import { Waves } from '../../ui/waves.tsx';
import { GateChart } from './gate-chart.tsx';
import { Explained } from './explained.tsx';
import { Journal } from './journal.tsx';
import { Plans } from './plans.tsx';
import { Timeline } from './timeline.tsx';
import { Verbs } from './verbs.tsx';

export default function DeploymentPage() {
  const id = useId();
  const query = useQuery({ ...deploymentQuery(id), ...useAskingAgain() });
  return (
    <Loaded query={query} what="The deployment">
      {(deployment) => <Shown key={deployment.id} deployment={deployment} />}
    </Loaded>
  );
}

function Shown({ deployment }: { deployment: Deployment }) {
  const { id, moduleName, version, status, progress } = deployment;
  const [{ tab = 'timeline' }, change] = useAddress();
  useTitle(`${moduleName} ${version}: ${statusWords(status)}`);
  return (
    <div className="space-y-5">
      <div>
        <Heading
          title={
            <>
              {moduleName} <span className="font-mono text-lg font-normal">{version}</span>
            </>
          }
        >
          <Status status={status} />
          <Verbs deployment={deployment} />
        </Heading>
        <Facts {...deployment} />
      </div>
      <Waves waves={progress.waves} isOver={isOver(status)} />
      <Explained deployment={deployment} />
      <Gate deployment={deployment} />
      <Tabs
        label="About this deployment"
        chosen={tab}
        onChoose={(name) => change({ tab: name === 'timeline' ? undefined : name })}
        tabs={[
          ['timeline', 'Timeline', <Timeline key="t" deployment={deployment} />],
          ['journal', 'Journal', <Journal key="j" id={id} sequence={deployment.sequence} />],
          ['plan', 'Plan', <Plans key="p" id={id} />],
        ]}
      />
    </div>
  );
}

function Facts(deployment: Deployment) {
  const { targetEnvironment, cluster, strategy, requestedBy, createdAt, startedAt, finishedAt } =
    deployment;
  const { originId, kind, metadata } = deployment;
  return (
    <p className="-mt-3 flex flex-wrap gap-x-3 gap-y-1 text-[13px] text-quiet">
      <span>
        {targetEnvironment} · {cluster}
      </span>
      <span>{strategy.kind}</span>
      <span>
        by {requestedBy}, <Ago at={createdAt} />
      </span>
      {startedAt ? (
        <span>
          {finishedAt ? 'took' : 'for'} <Lasting from={startedAt} to={finishedAt} />
        </span>
      ) : null}
      {originId ? (
        <Link to="/deployments/$id" params={{ id: originId }} className="text-tide underline">
          {kind} of another
        </Link>
      ) : null}
      {Object.entries(metadata).map(([name, value]) => (
        <span key={name}>
          {name}: <span className="font-mono">{value}</span>
        </span>
      ))}
    </p>
  );
}

/** The gate that is open now, or the verdict that ended the rollout, with its figures. */
function Gate({ deployment }: { deployment: Deployment }) {
  const { gateCheck, decision, status } = deployment;
  const verdict = isOver(status) || status === 'RollingBack' ? decision : null;
  const shown = verdict ?? (isOver(status) ? null : gateCheck);
  if (!shown) return null;
  const reading = readingOf(shown.reading);
  return (
    <Card
      title={verdict ? 'The verdict, and its evidence' : 'The open gate'}
      aside={<span className="text-xs text-quiet">{shown.step}</span>}
    >
      <div className="space-y-4 p-4">
        <p className="text-[13px]">{shown.reason}</p>
        {reading ? <GateReadings reading={reading} /> : <Empty>No figures yet.</Empty>}
        {verdict || !gateCheck ? null : <GateChart id={deployment.id} check={gateCheck} />}
      </div>
    </Card>
  );
}
