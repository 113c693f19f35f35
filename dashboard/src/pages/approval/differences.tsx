import type { ApprovalSubject } from '../../api/approvals.ts';
import type { Schemas } from '../../api/client.ts';

type Diff = Schemas['ApprovalDiff'];
type Change = Schemas['ApprovalDifference'];

/** Against what runs now: release, configuration, and how it is rolled out. */
export function Differences({ subject }: { subject: ApprovalSubject }) {
  const { running, version, differences, configuration, strategy, isDowngrade } = subject;
  const compared = running.find(({ isCompared }) => isCompared);
  return (
    <div className="space-y-4 p-4 text-[13px]">
      {isDowngrade ? (
        <p className="rounded-md bg-warn-soft px-3 py-2 font-medium">
          {version} is older than what runs now.
        </p>
      ) : null}
      <p className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
        {running.length === 0 ? <span>Nothing runs there yet.</span> : null}
        {running.map((one) => (
          <span key={`${one.releaseDigest}${one.configurationNumber}`}>
            <span className="font-mono">{one.version}</span> on {one.nodes}{' '}
            {one.nodes === 1 ? 'node' : 'nodes'}
            {one.down > 0 ? <strong className="text-bad"> ({one.down} down)</strong> : null}
          </span>
        ))}
        <span aria-hidden>→</span>
        <span className="font-mono font-semibold">{version}</span>
      </p>
      <Part title="Manifest" diff={differences.manifest} isCompared={compared !== undefined} />
      {differences.configuration ? (
        <Part
          title={configuration ? `Configuration ${configuration.number}` : 'Configuration'}
          diff={differences.configuration}
          isCompared={compared !== undefined}
        />
      ) : (
        <p className="text-quiet">You may not read configurations there.</p>
      )}
      <Part title="Strategy, against the environment’s own" diff={strategy.differs} isCompared />
    </div>
  );
}

function Part({ title, diff, isCompared }: { title: string; diff: Diff; isCompared: boolean }) {
  const { changes, more } = diff;
  return (
    <section>
      <h3 className="mb-1 font-medium">{title}</h3>
      {changes.length === 0 ? (
        <p className="text-quiet">{isCompared ? 'No change.' : 'Nothing to compare it with.'}</p>
      ) : (
        <ul className="divide-y divide-line overflow-hidden rounded-md border border-line">
          {changes.map((change) => (
            <Line key={change.path} {...change} />
          ))}
        </ul>
      )}
      {more > 0 ? (
        <p className="mt-1 text-quiet">{more} more differ and are not shown here.</p>
      ) : null}
    </section>
  );
}

const told = (value: Change['before']) =>
  typeof value === 'string' ? value : JSON.stringify(value);

function Line({ path, change, before, after, isCut }: Change) {
  return (
    <li className="grid gap-1 px-3 py-2 font-mono text-xs sm:grid-cols-[12rem_1fr] sm:gap-3">
      <span className="break-all text-quiet">{path}</span>
      <span className="min-w-0 space-y-0.5 break-all">
        {change === 'added' ? null : (
          <del className="block rounded bg-bad-soft px-1.5 text-bad no-underline">
            <span className="sr-only">before: </span>− {told(before)}
          </del>
        )}
        {change === 'removed' ? null : (
          <ins className="block rounded bg-good-soft px-1.5 text-good no-underline">
            <span className="sr-only">after: </span>+ {told(after)}
          </ins>
        )}
        {isCut ? <span className="text-quiet">The texts are longer than this.</span> : null}
      </span>
    </li>
  );
}
