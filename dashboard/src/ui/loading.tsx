import type { UseQueryResult } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { Button } from './button.tsx';
import { Problem } from './problem.tsx';

const LONG_MS = 8_000;

interface Props<T> {
  readonly query: UseQueryResult<T, Error>;
  readonly what: string;
  readonly children: (data: T) => ReactNode;
}

/** What has been asked for: its place while it comes, what is wrong when it does not, never a wheel for ever. */
export function Loaded<T>({ query, what, children }: Props<T>) {
  const { data, error, refetch } = query;
  if (data !== undefined) {
    return (
      <>
        {error ? <Outdated error={error} what={what} /> : null}
        {children(data)}
      </>
    );
  }
  if (error) {
    return (
      <div className="space-y-3 p-4">
        <Problem error={error} title={`${what} could not be read`} />
        <Button onClick={() => void refetch()}>Try again</Button>
      </div>
    );
  }
  return <Waiting what={what} />;
}

function Outdated({ error, what }: { error: Error; what: string }) {
  return (
    <div className="p-2">
      <Problem error={error} title={`${what}: this is what was known before`} />
    </div>
  );
}

export function Waiting({ what }: { what: string }) {
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    const timer = window.setTimeout(() => setLong(true), LONG_MS);
    return () => window.clearTimeout(timer);
  }, []);
  return (
    <div role="status" className="space-y-2 p-4">
      <span className="sr-only">{what} is being read</span>
      {[72, 55, 64].map((percent) => (
        <div
          key={percent}
          className="h-3.5 animate-pulse rounded bg-sunken"
          style={{ width: `${percent}%` }}
        />
      ))}
      {isLong ? (
        <p className="text-[13px] text-quiet">
          This takes longer than it should. It is still being asked for.
        </p>
      ) : null}
    </div>
  );
}
