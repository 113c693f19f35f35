import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { type AttentionItem, attentionQuery } from '../../api/attention.ts';
import { useAskingAgain } from '../../live/use-live.ts';
import { Card, Empty } from '../../ui/card.tsx';
import { Command } from '../../ui/command.tsx';
import { Loaded } from '../../ui/loading.tsx';
import { Ago } from '../../ui/time.tsx';

/** More than that is for the list of the command line. */
const SHOWN = 20;
const ROW = 'block px-4 py-2.5 text-[13px]';

/** What it is, in the fewest words; a kind that this page does not know speaks for itself. */
const TITLES: Readonly<Record<string, string>> = {
  approval: 'Approve',
  gate: 'Undecided gate',
  hook: 'Hook cut off',
  attention: 'Stopped step',
  paused: 'Paused',
  'rollback-failed': 'Rollback failed',
  freeze: 'Held up by a freeze',
  'kill-switch': 'The kill switch is on',
  hold: 'Held',
  'break-glass': 'Review: started without its approvals',
  'node-lost': 'Node lost',
  'node-unhealthy': 'Node unhealthy',
  'node-suspect': 'Node in doubt',
  'drain-overdue': 'Drain overdue',
};

/** What goes on only when somebody does something about it, with the way to do so. */
export function NeedsPerson() {
  const attention = useQuery({ ...attentionQuery(SHOWN), ...useAskingAgain() });
  return (
    <Card title="Needs a person">
      <Loaded query={attention} what="What needs a person">
        {({ items, nextCursor }) =>
          items.length === 0 ? (
            <Empty>Nothing waits for anybody.</Empty>
          ) : (
            <>
              <ul className="divide-y divide-line">
                {items.map((item) => (
                  <li key={item.id}>
                    <Row {...item} />
                  </li>
                ))}
              </ul>
              {nextCursor ? (
                <div className="px-4 py-3 text-[13px] text-quiet">
                  There is more: <Command text="npx tidegate attention" />
                </div>
              ) : null}
            </>
          )
        }
      </Loaded>
    </Card>
  );
}

function Row(item: AttentionItem) {
  const { kind, subject, module, version, node, environment, detail, since, until } = item;
  const named = [module, version, node].filter(Boolean).join(' ');
  const text = (
    <>
      <span className="flex flex-wrap items-baseline gap-x-2">
        <span>{TITLES[kind] ?? kind}</span>
        <strong className="font-semibold">{named}</strong>
        <span className="ml-auto shrink-0 text-xs text-quiet">
          {environment ? `${environment}, ` : ''}
          {until ? (
            <>
              ends <Ago at={until} />
            </>
          ) : (
            <Ago at={since} />
          )}
        </span>
      </span>
      <span className="mt-0.5 line-clamp-2 block text-xs text-quiet">{detail}</span>
    </>
  );
  if (subject.kind !== 'deployment') return <Unlinked item={item}>{text}</Unlinked>;
  const to = kind === 'approval' || kind === 'break-glass' ? '/approvals/$id' : '/deployments/$id';
  return (
    <Link to={to} params={{ id: subject.id }} className={`${ROW} hover:bg-sunken`}>
      {text}
    </Link>
  );
}

/** What has no page here yet: the command that unblocks it, or whom it waits for. */
function Unlinked({ item, children }: { item: AttentionItem; children: ReactNode }) {
  const way = item.verbs.find(({ may }) => may);
  return (
    <div className={ROW}>
      {children}
      {way ? (
        <div className="mt-2">
          <Command text={`npx ${way.command}`} />
        </div>
      ) : (
        <span className="mt-0.5 block text-xs text-quiet">It waits for {item.who}.</span>
      )}
    </div>
  );
}
