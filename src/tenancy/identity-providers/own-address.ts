import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config/config.js';

/** Where this server is for browsers. */
@Injectable()
export class OwnAddress {
  /** Without a slash at its end. */
  readonly origin: string;

  constructor({ publicOrigin }: Config) {
    this.origin = publicOrigin;
  }

  get isSecure(): boolean {
    return this.origin.startsWith('https:');
  }

  /**
   * One for each provider: an issuer sends its answer to the address that was entered there, so that
   * the answer of one is never taken for another's, whatever `state` it comes with.
   */
  redirectUriOf(providerId: string): string {
    return `${this.origin}/api/v1/authentication/oidc/${providerId}/callback`;
  }

  startOf(providerId: string, ticket: string): string {
    return `${this.origin}/api/v1/authentication/oidc/${providerId}/start?ticket=${ticket}`;
  }
}
