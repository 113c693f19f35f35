/** What a person's phone does in the tests of second factors. */
import { decodeJwt } from 'jose';
import { generateSync } from 'otplib';
import type { Answer, IdentityApp } from './identity-app.js';

/** The code that an app shows now, or so many steps away. */
export function codeAt(rig: Pick<IdentityApp, 'clock'>, secret: string, steps = 0): string {
  const epoch = Math.floor(rig.clock.now() / 1000) + 30 * steps;
  return generateSync({ secret, epoch });
}

/**
 * The library that verifies access tokens goes by the machine's clock: a test that has moved ours on
 * gets no good ones any more.
 */
export function resetClock({ clock }: Pick<IdentityApp, 'clock'>): void {
  clock.advance(Date.now() - clock.now());
}

export interface Enrolled {
  readonly secret: string;
  readonly factorId: string;
  readonly recoveryCodes: string[];
}

/** In the session of the token, with the code of the step before: that of now is still good. */
export async function enrolTotp(rig: IdentityApp, token: string): Promise<Enrolled> {
  const begun = await rig.send('me/mfa/totp', { method: 'POST', token, body: { name: 'phone' } });
  refuse(begun, 201);
  const { id, secret } = begun.body as { id: string; secret: string };
  const code = codeAt(rig, secret, -1);
  const confirmed = await rig.send('me/mfa/totp/confirm', {
    method: 'POST',
    token,
    body: { code },
  });
  refuse(confirmed, 200);
  return { secret, factorId: id, recoveryCodes: confirmed.body.recoveryCodes };
}

/** What the session of an access token says of its beginning. */
export async function factsOf({ db }: IdentityApp, token: string): Promise<unknown> {
  const { sid } = decodeJwt(token);
  const [row] = await db.system((tx) =>
    tx.query<{ facts: unknown }>(
      `select data -> 'signIn' as facts from credentials where hash = $1`,
      [sid],
    ),
  );
  return row?.facts;
}

export function stepUp(rig: IdentityApp, token: string, body: object): Promise<Answer> {
  return rig.send('authentication/step-up', { method: 'POST', token, body });
}

function refuse({ status, body }: Answer, expected: number): void {
  if (status !== expected) throw new Error(`${status}: ${JSON.stringify(body)}`);
}
