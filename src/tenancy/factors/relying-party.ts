import { isIP } from 'node:net';
import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config/config.js';
import { passkeysUnavailable } from './factors.errors.js';

/** For whom passkeys are: the name in the address by which people reach this server. */
@Injectable()
export class RelyingParty {
  readonly name = 'Tidegate';
  private readonly url: URL;

  constructor(config: Config) {
    this.url = new URL(config.publicOrigin);
  }

  get origin(): string {
    return this.url.origin;
  }

  /** Throws `passkeys-unavailable`: an address is no name that a passkey could belong to. */
  get id(): string {
    const { hostname } = this.url;
    if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0) throw passkeysUnavailable();
    return hostname;
  }
}
