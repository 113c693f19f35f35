import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef } from 'react';
import type { DeploymentEvent } from '../../api/deployments.ts';
import { usePreferences } from '../../app/preferences.ts';
import { Problem } from '../../ui/problem.tsx';
import { Waiting } from '../../ui/loading.tsx';
import { exactTime } from '../../ui/time-text.ts';
import { useEvents } from './use-events.ts';

const ROW_PX = 34;

/** Ten thousand entries, of which only those in view are drawn. Newest first. */
export function Journal({ id, sequence }: { id: string; sequence: number }) {
  const { events, query } = useEvents(id, sequence);
  const box = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: events.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
  });
  if (query.error) {
    return (
      <div className="p-4">
        <Problem error={query.error} title="The journal could not be read to its end" />
      </div>
    );
  }
  if (!query.data) return <Waiting what="The journal" />;
  return (
    <div
      ref={box}
      tabIndex={0}
      role="region"
      aria-label={`Journal, ${events.length} entries, newest first`}
      className="max-h-[28rem] overflow-y-auto"
    >
      <div className="relative" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, start }) => (
          <div key={index} className="absolute inset-x-0" style={{ top: start, height: ROW_PX }}>
            <Entry event={events[events.length - 1 - index]!} />
          </div>
        ))}
      </div>
    </div>
  );
}

function Entry({ event }: { event: DeploymentEvent }) {
  const { zone } = usePreferences();
  const { sequence, at, kind, step, actor, data } = event;
  const title = typeof data.title === 'string' ? data.title : reasonOf(data);
  return (
    <div className="grid h-full grid-cols-[3rem_11.5rem_11rem_minmax(0,1fr)_9rem] items-center gap-3 border-b border-line px-4 text-xs">
      <span className="tabular text-quiet">{sequence}</span>
      <time dateTime={at} className="text-quiet">
        {exactTime(at, zone)}
      </time>
      <span className="truncate font-medium" title={kind}>
        {kind}
      </span>
      <span className="truncate" title={title ?? step ?? ''}>
        {step ? <span className="mr-2 font-mono text-quiet">{step}</span> : null}
        {title}
      </span>
      <span className="truncate text-quiet" title={actor}>
        {actor}
      </span>
    </div>
  );
}

function reasonOf(data: DeploymentEvent['data']): string | null {
  for (const name of ['reason', 'status', 'verdict', 'verb', 'comment']) {
    if (typeof data[name] === 'string') return data[name];
  }
  return null;
}
