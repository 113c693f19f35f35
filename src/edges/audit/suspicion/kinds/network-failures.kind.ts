import { networkOf } from '../../../../platform/http/client-address.js';
import { loginFailed } from '../../../../tenancy/auth/authentication.events.js';
import { tokensRefused } from '../../../../tenancy/permissions/denied.events.js';
import type { SuspicionKind } from '../suspicion-kind.js';
import { networkFailures } from '../suspicion.settings.js';

/** One network tries names or tokens: of a tenant's people in its log, of nobody's in the platform's. */
export const networkFailuresKind: SuspicionKind = {
  kind: 'network-failures',
  windowMs: 600_000,
  measure: 'times',
  threshold: networkFailures,
  watch: ({ events }, notice) => {
    events.hear(loginFailed, (open, { body }) => notice(open, { who: networkOf(body.address) }));
    events.hear(tokensRefused, (open, { body }) =>
      notice(open, { who: body.network, times: body.count }),
    );
  },
};
