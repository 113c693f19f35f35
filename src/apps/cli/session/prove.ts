import { answer, type Tidegate } from '#sdk';
import { ask } from './ask.js';
import { type AtTerminal, proveByBrowser } from './browser-sign-in.js';
import type { Prove } from './connect.js';

/** Asks for what the server says would do, and shows it: here, or in a browser at the provider that vouches. */
export function proveAt(at: AtTerminal): Prove {
  const { streams } = at;
  return async (client, { details }) => {
    const methods = Array.isArray(details['methods']) ? details['methods'] : [];
    if (methods.includes('totp')) {
      const code = await ask(streams, 'Code of your authenticator app: ', false);
      await stepUp(client, { totp: code.replace(/\s/g, '') });
      return true;
    }
    const { identityProvider } = details;
    if (typeof identityProvider === 'string') {
      await proveByBrowser(at, client, identityProvider);
      return true;
    }
    if (!methods.includes('password')) return false;
    await stepUp(client, { password: await ask(streams, 'Password, once more: ', true) });
    return true;
  };
}

export function stepUp({ api }: Tidegate, body: { totp: string } | { password: string }) {
  return answer(api.POST('/api/v1/authentication/step-up', { body }));
}
