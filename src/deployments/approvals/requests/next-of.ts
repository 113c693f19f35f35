/**
 * What becomes of a request when the engine looks. Pure, and the only place that knows when people are
 * asked anew, when it may go on, and when it is too late.
 */
import type { RequestStatus } from './request.js';

export interface RequestSeen {
  readonly status: RequestStatus;
  readonly deadlineMs: number;
  /** The rules that it asks for are those of now. */
  readonly isCurrent: boolean;
  /** Every rule is met, with the people of now. */
  readonly isMet: boolean;
}

export type NextOfRequest =
  /** Nobody was asked yet, or about something else. `voids`: what was decided on that counts no more. */
  | { readonly do: 'ask'; readonly voids: boolean }
  | { readonly do: 'go'; readonly grants: boolean }
  /** `reopens`: it was granted, by people who may not decide any more. */
  | { readonly do: 'wait'; readonly reopens: boolean }
  | { readonly do: 'expire' }
  | { readonly do: 'end' };

/** `request` null: nobody was asked. */
export function nextOf(request: RequestSeen | null, now: number): NextOfRequest {
  if (request === null || request.status === 'void') return { do: 'ask', voids: false };
  const { status, isCurrent, isMet, deadlineMs } = request;
  if (status !== 'open' && status !== 'granted') return { do: 'end' };
  if (!isCurrent) return { do: 'ask', voids: true };
  // Who has decided in time has, even if nobody could look until now.
  if (status === 'granted' && isMet) return { do: 'go', grants: false };
  if (now >= deadlineMs) return { do: 'expire' };
  if (isMet) return { do: 'go', grants: true };
  return { do: 'wait', reopens: status === 'granted' };
}
