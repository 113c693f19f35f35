import { Injectable } from '@nestjs/common';
import { newSigningSecret } from '../../../drivers/channels/webhook/signing.js';
import { Sealer } from '../../../platform/sealing/sealer.js';
import type { ChannelEntity } from './channel.entity.js';

type Secrets = Readonly<Record<string, unknown>>;

/** What is secret of a channel, sealed for that channel and no other. */
@Injectable()
export class ChannelSecrets {
  constructor(private readonly sealer: Sealer) {}

  seal(id: string, secrets: Secrets): string {
    return this.sealer.seal(JSON.stringify(secrets), context(id, 'secrets'));
  }

  /** Throws UnsealError where the key is not here any more. */
  open({ id, sealedSecrets }: ChannelEntity): Secrets {
    return JSON.parse(this.unsealed(sealedSecrets, context(id, 'secrets'))) as Secrets;
  }

  /** A new one to sign by: as text, shown once, and sealed. */
  newSigning(id: string): { readonly secret: string; readonly sealed: string } {
    const secret = newSigningSecret();
    return { secret, sealed: this.sealer.seal(secret, context(id, 'signing')) };
  }

  /** Newest first; the one before for as long as it signs, too. */
  signingAt(row: ChannelEntity, at: Date): string[] {
    const { id, sealedSigning, sealedSigningBefore, signingBeforeUntil } = row;
    const isOverlap = signingBeforeUntil !== null && signingBeforeUntil > at;
    const sealed = [sealedSigning, isOverlap ? sealedSigningBefore : null];
    return sealed
      .filter((text) => text !== null)
      .map((text) => this.unsealed(text, context(id, 'signing')));
  }

  private unsealed(text: string, of: string): string {
    return this.sealer.unseal(text, of).toString('utf8');
  }
}

function context(id: string, what: 'secrets' | 'signing'): string {
  return `channel-${what}:${id}`;
}
