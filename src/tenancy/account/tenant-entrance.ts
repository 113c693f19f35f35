import { Injectable } from '@nestjs/common';
import type { SignInFacts } from '../auth/refresh-token.js';
import { signInRefused } from './account.errors.js';

/**
 * Whether a tenant accepts how a session began, when its person comes over from another tenant. What
 * this installation has checked itself is good everywhere; what an identity provider vouched for is the
 * word of one tenant's provider, and good for nobody who has not said so.
 */
@Injectable()
export class TenantEntrance {
  /** Throws `sign-in-refused`. */
  check(_tenantId: string, { providerId }: SignInFacts): Promise<void> {
    if (providerId !== null) return Promise.reject(signInRefused());
    return Promise.resolve();
  }
}
