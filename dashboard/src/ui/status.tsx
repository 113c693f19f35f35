import { clsx } from 'clsx';
import {
  Ban,
  CircleCheck,
  CircleDashed,
  CirclePause,
  CircleX,
  type LucideIcon,
  Stamp,
  Undo2,
  Waves,
} from 'lucide-react';

interface Look {
  readonly icon: LucideIcon;
  readonly tone: string;
  readonly words: string;
}

/** Never by colour alone: each has its sign and its word. */
const looks: Record<string, Look> = {
  Pending: { icon: CircleDashed, tone: 'bg-sunken text-quiet', words: 'Pending' },
  PendingApproval: { icon: Stamp, tone: 'bg-warn-soft text-warn', words: 'Waits for approval' },
  Running: { icon: Waves, tone: 'bg-tide-soft text-tide', words: 'Running' },
  Paused: { icon: CirclePause, tone: 'bg-warn-soft text-warn', words: 'Paused' },
  RollingBack: { icon: Undo2, tone: 'bg-bad-soft text-bad', words: 'Rolling back' },
  Succeeded: { icon: CircleCheck, tone: 'bg-good-soft text-good', words: 'Succeeded' },
  Failed: { icon: CircleX, tone: 'bg-bad-soft text-bad', words: 'Failed' },
  RolledBack: { icon: Undo2, tone: 'bg-bad-soft text-bad', words: 'Rolled back' },
  RollbackFailed: { icon: CircleX, tone: 'bg-bad-soft text-bad', words: 'Rollback failed' },
  Cancelled: { icon: Ban, tone: 'bg-sunken text-quiet', words: 'Cancelled' },
  Rejected: { icon: Ban, tone: 'bg-sunken text-quiet', words: 'Rejected' },
};

export const statusWords = (status: string) => looks[status]?.words ?? status;

export function Status({ status }: { status: string }) {
  const { icon: Icon, tone, words } = looks[status] ?? looks.Pending!;
  return (
    <span
      className={clsx(
        'inline-flex items-center gap-1 rounded px-1.5 py-0.5 text-xs font-medium whitespace-nowrap',
        tone,
      )}
    >
      <Icon aria-hidden size={13} />
      {words}
    </span>
  );
}
