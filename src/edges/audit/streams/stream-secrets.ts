import { Injectable } from '@nestjs/common';
import { newSigningSecret } from '../../../drivers/channels/webhook/signing.js';
import { Sealer } from '../../../platform/sealing/sealer.js';
import type { AuditStreamEntity } from './audit-stream.entity.js';

/** What is secret of an audit stream, sealed for that stream and no other. */
@Injectable()
export class StreamSecrets {
  constructor(private readonly sealer: Sealer) {}

  /** A new one to sign by: as text, shown once, and sealed. */
  newSigning(id: string): { readonly secret: string; readonly sealed: string } {
    const secret = newSigningSecret();
    return { secret, sealed: this.sealer.seal(secret, context(id, 'signing')) };
  }

  sealAuthorization(id: string, value: string): string {
    return this.sealer.seal(value, context(id, 'authorization'));
  }

  /** Throws UnsealError where the key is not here any more. */
  authorizationOf({ id, sealedAuthorization }: AuditStreamEntity): string | null {
    if (sealedAuthorization === null) return null;
    return this.unsealed(sealedAuthorization, context(id, 'authorization'));
  }

  /** Newest first; the one before for as long as it signs, too. Throws UnsealError. */
  signingAt(row: AuditStreamEntity, at: Date): string[] {
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

function context(id: string, what: 'authorization' | 'signing'): string {
  return `audit-stream-${what}:${id}`;
}
