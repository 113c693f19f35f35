/** What the worker finds out about approvals by the clock. They are told, and no deed: not for the audit trail. */
import { eventType } from '../../../platform/events/event.js';

type Waiting = {
  readonly requestNumber: number;
  readonly askedAt: string;
  readonly deadlineAt: string;
  /** Names of the rules. */
  readonly rules: readonly string[];
};

const waiting = (name: string) =>
  eventType<Waiting>({ name, subject: 'deployment', delivered: true });

export const approvalReminded = waiting('approval-reminded');
export const approvalEscalated = waiting('approval-escalated');
/** Its time is over, and it has not ended. */
export const approvalOverdue = waiting('approval-overdue');
