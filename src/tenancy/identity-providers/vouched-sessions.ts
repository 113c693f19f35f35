/** Sessions that a provider has vouched for. */
import {
  revokeCredentialsVouched,
  type VouchedBy,
} from '../../platform/credentials/credentials-end.store.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import { lockSession, renewSession, SESSION_KIND } from '../auth/sessions.store.js';

/** Of one person, or of all; everywhere within five seconds. Returns how many. */
export function endSessionsVouchedBy(
  tx: SystemTransaction,
  of: { readonly providerId: string; readonly userId: string | null; readonly now: Date },
): Promise<number> {
  const { providerId, userId, now } = of;
  const by: VouchedBy = { signIn: { providerId } };
  return revokeCredentialsVouched(tx, {
    kind: SESSION_KIND,
    subjectId: userId,
    by,
    except: null,
    now,
  });
}

/** Of one person, whichever provider it was. */
export async function endOidcSessionsOf(
  tx: SystemTransaction,
  of: { readonly userId: string; readonly except: string; readonly now: Date },
): Promise<void> {
  const { userId, except, now } = of;
  const by: VouchedBy = { signIn: { method: 'oidc' } };
  await revokeCredentialsVouched(tx, { kind: SESSION_KIND, subjectId: userId, by, except, now });
}

/** Its person has shown once more that it is they. */
export async function proveSession(
  tx: SystemTransaction,
  proof: { readonly sessionId: string; readonly hasFactor: boolean; readonly now: number },
): Promise<void> {
  const { sessionId, now } = proof;
  const at = new Date(now);
  const found = await lockSession(tx, sessionId, at);
  if (!found) return;
  const { signIn } = found.state;
  const hasFactor = signIn.hasFactor || proof.hasFactor;
  const state = { ...found.state, signIn: { ...signIn, hasFactor, provedAt: now } };
  await renewSession(tx, sessionId, { state, now: at });
}
