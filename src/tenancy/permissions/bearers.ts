import { Injectable } from '@nestjs/common';
import type { Context } from '../../platform/context.js';
import type { SignedIn } from '../auth/authenticator.js';

/** Who has sent a request, by what it carries. */
export interface Caller {
  readonly ctx: Context;
  readonly tenantSlug: string;
  /** Null: no person with a session, but a machine. */
  readonly signedIn: SignedIn | null;
  /** Of an access key: what its holder may know of it. */
  readonly accessKey?: AccessKeyFacts;
  /** Of a key that was made for fewer than others. */
  readonly requestsPerMinute?: number | null;
}

export interface AccessKeyFacts {
  readonly id: string;
  readonly name: string;
  readonly ownerKind: 'user' | 'service-account';
  readonly ownerName: string;
  readonly expiresAt: Date;
}

export interface BearerRequest {
  readonly requestId: string;
  /** The client's address, as trusted proxies tell it. */
  readonly address: string;
}

/** A kind of token that machines carry: access keys, exchanged tokens. */
export abstract class MachineBearer {
  /** By the token's form alone; at most one kind says yes. */
  abstract recognises(token: string): boolean;

  /** Throws `unauthenticated` for all that is not good now. */
  abstract authenticate(token: string, request: BearerRequest): Promise<Caller>;
}

/** Where the kinds of machines' tokens are registered, in the constructor or onModuleInit. */
@Injectable()
export class MachineBearers {
  private readonly kinds: MachineBearer[] = [];

  register(kind: MachineBearer): void {
    this.kinds.push(kind);
  }

  /** Undefined: it is a person's token, if it is one at all. */
  of(token: string): MachineBearer | undefined {
    return this.kinds.find((kind) => kind.recognises(token));
  }
}
