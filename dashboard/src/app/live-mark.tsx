import { clsx } from 'clsx';
import { useLive } from '../live/use-live.ts';
import { Ago } from '../ui/time.tsx';

/** Whether what is shown is what is. */
export function LiveMark() {
  const live = useLive();
  const isLive = live.kind === 'live';
  return (
    <p
      role="status"
      className={clsx(
        'flex items-center gap-1.5 text-xs',
        isLive ? 'text-quiet' : 'font-medium text-warn',
      )}
    >
      <span aria-hidden className={clsx('size-2 rounded-full', isLive ? 'bg-good' : 'bg-warn')} />
      {isLive ? (
        'Live'
      ) : (
        <span>
          Not live since <Ago at={new Date(live.since).toISOString()} />
        </span>
      )}
    </p>
  );
}
