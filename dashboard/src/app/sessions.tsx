import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, bodyOf } from '../api/client.ts';
import { meQuery, sessionsQuery } from '../api/session.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Loaded } from '../ui/loading.tsx';
import { Problem } from '../ui/problem.tsx';
import { Ago } from '../ui/time.tsx';

/** What one has open, in browsers and programs alike: to look at, and to end. */
export function Sessions({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const queries = useQueryClient();
  const sessions = useQuery({ ...sessionsQuery, enabled: isOpen });
  const end = useMutation({
    mutationFn: (id: string) =>
      bodyOf(api.DELETE('/api/v1/me/sessions/{id}', { params: { path: { id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: meQuery.queryKey }),
  });
  return (
    <Dialog
      isOpen={isOpen}
      onClose={onClose}
      title="Your sessions"
      description="End what you do not know, and then change your password."
    >
      {end.error ? <Problem error={end.error} title="It could not be ended" /> : null}
      <Loaded query={sessions} what="Your sessions">
        {({ items }) => (
          <ul className="divide-y divide-line">
            {items.map(({ id, client, network, tenant, isCurrent, lastUsedAt, signedInAt }) => (
              <li key={id} className="flex items-center gap-3 py-2.5 text-[13px]">
                <div className="min-w-0 flex-1">
                  <p className="truncate" title={client ?? undefined}>
                    {client ?? 'An unknown client'}
                  </p>
                  <p className="text-xs text-quiet">
                    {tenant}
                    {network ? ` · ${network}` : ''} · used <Ago at={lastUsedAt ?? signedInAt} />
                  </p>
                </div>
                {isCurrent ? (
                  <span className="text-xs text-quiet">This one</span>
                ) : (
                  <Button onClick={() => end.mutate(id)} disabled={end.isPending}>
                    End
                  </Button>
                )}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Dialog>
  );
}
