import { CircleAlert } from 'lucide-react';
import { ApiProblem } from '../api/client.ts';

/** What went wrong, where it happened, and what to do: the API's own words. */
export function Problem({ error, title }: { error: Error; title?: string }) {
  const isOurs = error instanceof ApiProblem;
  return (
    <div
      role="alert"
      className="flex gap-2.5 rounded-md border border-bad/30 bg-bad-soft p-3 text-[13px]"
    >
      <CircleAlert aria-hidden size={16} className="mt-0.5 shrink-0 text-bad" />
      <div className="min-w-0">
        {title ? <p className="font-medium">{title}</p> : null}
        <p className="break-words">
          {isOurs
            ? error.detail
            : 'Something in this page has failed. Load it again; if that does not help, tell your operator.'}
        </p>
        {isOurs && error.requestId ? (
          <p className="mt-1 text-xs text-quiet">
            {error.code} · request <code className="font-mono select-all">{error.requestId}</code>
          </p>
        ) : null}
      </div>
    </div>
  );
}
