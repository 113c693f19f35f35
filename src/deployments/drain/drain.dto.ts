import { z } from 'zod';
import { text } from '../../kernel/text.js';

/** A day: what has not stopped by then will not stop by itself. */
const MOST_MINUTES = 24 * 60;

export const drainBody = z
  .strictObject({
    reason: text(500).trim().min(1).optional(),
    deadlineMinutes: z.int().min(1).max(MOST_MINUTES).default(15).meta({
      description:
        'What still runs after so many minutes makes the drain overdue, which is told; nothing else ends with it.',
    }),
  })
  .default({ deadlineMinutes: 15 })
  .meta({ id: 'DrainNode' });
export type DrainBody = z.output<typeof drainBody>;
