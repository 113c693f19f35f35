import { DomainError } from '../../kernel/errors.js';
import { limits } from '../../kernel/limits.js';
import { notificationLimits } from '../../kernel/notification-limits.js';
import type { RequestOptions } from '../../platform/outbound/guarded-fetch.js';
import type { OutboundAnswer } from '../../platform/outbound/pinned-request.js';
import type { ChannelPorts, Delivery, Outcome, Receipt } from './channel-kind.js';
import { cut, plainText } from './message.js';

export const taken = (answer = ''): Receipt => ({
  outcome: 'taken',
  status: null,
  answer,
  reason: null,
  retryAfterMs: null,
});

export const notTaken = (outcome: Outcome, reason: string): Receipt => ({
  outcome,
  status: null,
  answer: '',
  reason,
  retryAfterMs: null,
});

interface Post {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Posts JSON by the guarded way out, and reads what the answer says about trying again. */
export async function postJson(
  { url, headers, body }: Post,
  { channelId, signal }: Pick<Delivery, 'channelId' | 'signal'>,
  { fetch }: Pick<ChannelPorts, 'fetch'>,
): Promise<Receipt> {
  if (Buffer.byteLength(body) > limits.outboundBodyBytes) {
    return notTaken('refused', 'message-too-large');
  }
  const options: RequestOptions = {
    // Of the channel, not of the tenant: one that hangs takes no place of another, nor of a sign-in.
    key: `channel:${channelId}`,
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
    signal,
  };
  try {
    return receiptOf(await fetch.request(url, options));
  } catch (error) {
    if (error instanceof DomainError) return receiptOfError(error);
    throw error;
  }
}

/** What will be the same tomorrow: the receiver has read the message, and it is not what it takes. */
const NEVER: ReadonlySet<number> = new Set([400, 405, 406, 411, 413, 414, 415, 422, 431]);

function receiptOf({ status, headers, body }: OutboundAnswer): Receipt {
  const answer = cut(plainText(body.toString('utf8')), notificationLimits.deliveryAnswerCharacters);
  const outcome = outcomeOf(status);
  return {
    outcome,
    status,
    answer,
    reason: outcome === 'taken' ? null : `status-${status}`,
    retryAfterMs: outcome === 'later' ? retryAfterMs(headers['retry-after']) : null,
  };
}

function outcomeOf(status: number): Outcome {
  if (status >= 200 && status < 300) return 'taken';
  if (status === 410) return 'gone';
  return NEVER.has(status) ? 'refused' : 'later';
}

/** Seconds only: a date would be by the receiver's clock. */
function retryAfterMs(header: string | undefined): number | null {
  const seconds = /^\d{1,6}$/.exec(header?.trim() ?? '')?.[0];
  return seconds === undefined ? null : Number(seconds) * 1_000;
}

/** The code alone, and the reason where it may be told: the rest is the log's. */
function receiptOfError({ code, details }: DomainError): Receipt {
  const { reason, status } = details ?? {};
  const why = typeof reason === 'string' ? `${code}: ${reason}` : code;
  return { ...notTaken('later', why), status: typeof status === 'number' ? status : null };
}
