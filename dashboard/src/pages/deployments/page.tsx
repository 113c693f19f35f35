import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import {
  type DeploymentFilter,
  deploymentsQuery,
  type DeploymentStatus,
  STATUSES,
} from '../../api/deployments.ts';
import { useAddress } from '../../app/search.ts';
import { useAskingAgain } from '../../live/use-live.ts';
import { Button } from '../../ui/button.tsx';
import { Empty } from '../../ui/card.tsx';
import { Heading } from '../../ui/heading.tsx';
import { Loaded } from '../../ui/loading.tsx';
import { Filters } from './filters.tsx';
import { DeploymentTable } from './table.tsx';

/** All of them, newest first: the server filters and turns the pages. */
export default function Deployments() {
  const [{ status, environment, module, cursor }, change] = useAddress();
  // Ways back: a cursor knows only what comes after it.
  const [before, setBefore] = useState<readonly (string | undefined)[]>([]);
  const filter: DeploymentFilter = {
    ...(isStatus(status) ? { status } : {}),
    ...(environment ? { environment } : {}),
    ...(module ? { module } : {}),
  };
  const list = useQuery({
    ...deploymentsQuery(filter, cursor),
    placeholderData: keepPreviousData,
    ...useAskingAgain(),
  });
  const isFiltered = Object.keys(filter).length > 0;
  const refilter = (changes: Record<string, string | undefined>) => {
    setBefore([]);
    change({ ...changes, cursor: undefined });
  };
  const onward = (next: string) => {
    setBefore([...before, cursor]);
    change({ cursor: next });
  };
  const back = () => {
    change({ cursor: before.at(-1) });
    setBefore(before.slice(0, -1));
  };
  return (
    <>
      <Heading title="Deployments">
        <Filters filter={filter} onChange={refilter} />
      </Heading>
      <div className="rounded-lg border border-line bg-surface">
        <Loaded query={list} what="The deployments">
          {({ items, nextCursor }) => (
            <div className={list.isPlaceholderData ? 'opacity-60' : ''}>
              {items.length === 0 ? (
                <None
                  isFiltered={isFiltered}
                  onShowAll={() =>
                    refilter({ status: undefined, environment: undefined, module: undefined })
                  }
                />
              ) : (
                <DeploymentTable items={items} />
              )}
              {cursor || nextCursor ? (
                <div className="flex gap-2 border-t border-line px-4 py-3">
                  <Button onClick={back} why={cursor ? undefined : 'This is the first page.'}>
                    {before.length === 0 && cursor ? 'To the first page' : 'Newer'}
                  </Button>
                  <Button
                    onClick={() => (nextCursor ? onward(nextCursor) : undefined)}
                    why={nextCursor ? undefined : 'There are no older ones.'}
                  >
                    Older
                  </Button>
                </div>
              ) : null}
            </div>
          )}
        </Loaded>
      </div>
    </>
  );
}

function None({ isFiltered, onShowAll }: { isFiltered: boolean; onShowAll: () => void }) {
  if (!isFiltered) return <Empty>Nothing has been deployed yet.</Empty>;
  return (
    <Empty>
      None is like that.{' '}
      <button type="button" className="text-tide underline" onClick={onShowAll}>
        Show all
      </button>
    </Empty>
  );
}

const isStatus = (text: string | undefined): text is DeploymentStatus =>
  STATUSES.some((status) => status === text);
