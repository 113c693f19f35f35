import type { KeyObject } from 'node:crypto';

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
}

/** Whoever makes a token asks for the key that signs at this moment, each time. */
export abstract class TokenSigner {
  abstract signing(): Promise<SigningKey>;
}
