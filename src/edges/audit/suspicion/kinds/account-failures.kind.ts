import { networkOf } from '../../../../platform/http/client-address.js';
import { accountAttacked, loginFailed } from '../../../../tenancy/auth/authentication.events.js';
import type { SuspicionKind } from '../suspicion-kind.js';
import { accountFailures } from '../suspicion.settings.js';

const NOBODY = 'unknown';

/** Somebody guesses the password of one account, from wherever. */
export const accountFailuresKind: SuspicionKind = {
  kind: 'account-failures',
  windowMs: 600_000,
  measure: 'times',
  threshold: accountFailures,
  watch: ({ events }, notice) => {
    for (const type of [loginFailed, accountAttacked]) {
      events.hear(type, async (open, { subjectId: who, body }) => {
        if (who !== NOBODY) await notice(open, { who, place: networkOf(body.address) });
      });
    }
  },
};
