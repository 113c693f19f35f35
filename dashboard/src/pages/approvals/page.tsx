import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type PendingApproval, pendingQuery } from '../../api/approvals.ts';
import { useAddress } from '../../app/search.ts';
import { useAskingAgain } from '../../live/use-live.ts';
import { Button } from '../../ui/button.tsx';
import { Empty } from '../../ui/card.tsx';
import { Select } from '../../ui/field.tsx';
import { Heading } from '../../ui/heading.tsx';
import { Loaded } from '../../ui/loading.tsx';
import { Ago } from '../../ui/time.tsx';

/** What waits for a decision, the one that ends first first. */
export default function Approvals() {
  const [{ who, cursor }, change] = useAddress();
  const isMine = who === 'me';
  const pending = useQuery({ ...pendingQuery(isMine, cursor), ...useAskingAgain() });
  return (
    <>
      <Heading title="Approvals">
        <div className="ml-auto">
          <Select
            label="Whose decision"
            data-search
            value={isMine ? 'me' : ''}
            onChange={(event) => change({ who: event.target.value, cursor: undefined })}
            options={[
              ['', 'All that is asked'],
              ['me', 'What you may decide'],
            ]}
          />
        </div>
      </Heading>
      <div className="rounded-lg border border-line bg-surface">
        <Loaded query={pending} what="The approvals">
          {({ items, nextCursor }) => (
            <>
              {items.length === 0 ? (
                <Empty>{isMine ? 'Nothing waits for you.' : 'Nothing waits for a decision.'}</Empty>
              ) : null}
              <List items={items} />
              {nextCursor || cursor ? (
                <div className="flex gap-2 border-t border-line px-4 py-3">
                  <Button
                    onClick={() => change({ cursor: undefined })}
                    why={cursor ? undefined : 'These are the first.'}
                  >
                    From the beginning
                  </Button>
                  <Button
                    onClick={() => change({ cursor: nextCursor ?? undefined })}
                    why={nextCursor ? undefined : 'There are no more.'}
                  >
                    More
                  </Button>
                </div>
              ) : null}
            </>
          )}
        </Loaded>
      </div>
    </>
  );
}

function List({ items }: { items: readonly PendingApproval[] }) {
  return (
    <ul className="divide-y divide-line">
      {items.map((item) => (
        <li key={item.id}>
          <Item {...item} />
        </li>
      ))}
    </ul>
  );
}

function Item(item: PendingApproval) {
  const { id, moduleName, version, targetEnvironment, cluster, requestedBy } = item;
  const { askedAt, deadlineAt, rules, approvedBy } = item;
  return (
    <Link
      to="/approvals/$id"
      params={{ id }}
      className="flex flex-wrap items-baseline gap-x-3 gap-y-1 px-4 py-3 text-[13px] hover:bg-sunken"
    >
      <span className="font-semibold">
        {moduleName} <span className="font-mono font-normal">{version}</span>
      </span>
      <span className="text-quiet">
        {targetEnvironment} · {cluster}
      </span>
      <span className="text-quiet">
        asked by {requestedBy}, <Ago at={askedAt} />
      </span>
      <span className="ml-auto text-quiet">
        ends <Ago at={deadlineAt} />
      </span>
      <span className="basis-full text-quiet">
        {rules.map(({ name, quorum }) => `${name} (${quorum})`).join(', ')}
        {approvedBy.length > 0 ? ` · approved by ${approvedBy.join(', ')}` : ''}
      </span>
    </Link>
  );
}
