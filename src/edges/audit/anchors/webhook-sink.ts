import { signedHeaders } from '../../../drivers/channels/webhook/signing.js';
import { countersignedBy } from '../../../kernel/tlog/countersigned.js';
import type { GuardedFetch } from '../../../platform/outbound/guarded-fetch.js';
import type { Acknowledged, WriteOnlySink } from './anchor-sink.js';

/** Of an answer: a note with signatures of others. */
const ANSWER_BYTES = 64 * 1024;
const ATTEMPT_MS = 10_000;

export interface WebhookAnchor {
  readonly url: string;
  readonly secret: string;
}

/**
 * Posts checkpoints to somebody else, who keeps them where we do not reach. What they have cannot be read
 * back: their answer is all that we know of it.
 */
export class WebhookSink implements WriteOnlySink {
  readonly name = 'webhook';
  readonly isWriteOnly = true;

  constructor(
    private readonly anchor: WebhookAnchor,
    private readonly fetch: Pick<GuardedFetch, 'request'>,
    private readonly now: () => Date = () => new Date(),
  ) {}

  /** Throws where nobody knows whether they have it. */
  async bring(tenantId: string, size: number, note: string): Promise<Acknowledged> {
    const body = JSON.stringify({ type: 'audit.checkpoint', tenantId, size, checkpoint: note });
    // The same each time: it is one of its size.
    const signed = { id: `${tenantId}.${size}`, at: this.now(), body };
    const headers = {
      ...signedHeaders(signed, [this.anchor.secret]),
      'content-type': 'application/json',
    };
    const { status, body: answer } = await this.fetch.request(this.anchor.url, {
      key: 'audit-anchor',
      method: 'POST',
      headers,
      body,
      maxBytes: ANSWER_BYTES,
      signal: AbortSignal.timeout(ATTEMPT_MS),
    });
    if (status === 409) return { isKept: false, countersigned: null };
    if (status < 200 || status >= 300) throw new Error(`the receiver answered ${status}`);
    return { isKept: true, countersigned: countersignedBy(answer.toString('utf8'), note) };
  }
}
