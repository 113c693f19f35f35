import { Injectable } from '@nestjs/common';
import type { Receipt } from '../../../drivers/channels/channel-kind.js';
import { notTaken, postJson } from '../../../drivers/channels/receipts.js';
import { signedHeaders } from '../../../drivers/channels/webhook/signing.js';
import { messageOf } from '../../../kernel/errors.js';
import { Logger } from '../../../platform/logging/logger.js';
import { GuardedFetch } from '../../../platform/outbound/guarded-fetch.js';
import { UnsealError } from '../../../platform/sealing/sealer.js';
import type { AuditStreamEntity } from './audit-stream.entity.js';
import type { Batch } from './stream-batch.js';
import { StreamSecrets } from './stream-secrets.js';

export interface Parcel {
  readonly batch: Batch;
  /** The first sequence that the receiver has not heard of. */
  readonly from: number;
  readonly at: Date;
  readonly signal: AbortSignal;
}

/** Sends one delivery to one receiver, once, outside any transaction, and says what became of it. */
@Injectable()
export class StreamPost {
  private readonly log: Logger;

  constructor(
    private readonly fetch: GuardedFetch,
    private readonly secrets: StreamSecrets,
    logger: Logger,
  ) {
    this.log = logger.child({ part: 'audit-streams' });
  }

  /** Never throws: what goes wrong here may go right later. */
  async send(row: AuditStreamEntity, parcel: Parcel): Promise<Receipt> {
    const { tenantId, id: streamId, url } = row;
    try {
      const headers = this.headersOf(row, parcel);
      const { body } = parcel.batch;
      // By its own id: one that hangs takes no place of another, nor of a sign-in.
      const lane = { channelId: streamId, signal: parcel.signal };
      return await postJson({ url, headers, body }, lane, { fetch: this.fetch });
    } catch (error) {
      this.log.error({ tenantId, streamId, error: messageOf(error) }, 'a delivery was not sent');
      return notTaken('later', error instanceof UnsealError ? 'secret-not-readable' : 'internal');
    }
  }

  /** The range stands in the id as well, which is signed. */
  private headersOf(row: AuditStreamEntity, { batch, from, at }: Parcel): Record<string, string> {
    const to = batch.end - 1;
    const id = `${row.id}.${from}-${to}`;
    const authorization = this.secrets.authorizationOf(row);
    return {
      ...signedHeaders({ id, at, body: batch.body }, this.secrets.signingAt(row, at)),
      'content-type': batch.contentType,
      'tidegate-stream': row.id,
      'tidegate-format': row.format,
      'tidegate-from': String(from),
      'tidegate-to': String(to),
      ...(authorization === null ? {} : { authorization }),
    };
  }
}
