/**
 * What a proxy tells the next one about the client: `X-Forwarded-*`, `X-Real-IP` and `Forwarded` (RFC
 * 7239). Anybody can send these, so they count only when they come from a proxy that is trusted.
 */
import { isIP } from 'node:net';
import type { HasAddress } from '../../kernel/networks.js';

/** `name` in lower case. */
export function isClaim(name: string): boolean {
  if (name === 'forwarded' || name === 'x-real-ip') return true;
  return name === 'x-forwarded' || name.startsWith('x-forwarded-');
}

/**
 * `X_Forwarded_For`: behind CGI and WSGI the same variable as ours. Proxies pass on what they do not
 * know, so that this may be the client's own word even when the proxy is trusted.
 */
export function isClaimInDisguise(name: string): boolean {
  return name.includes('_') && isClaim(name.replaceAll('_', '-'));
}

/** Our element for `Forwarded`: from whom the request came to us, and how. */
export function forwardedElement(peer: string, host: string | undefined): string {
  const node = isIP(peer) === 6 ? `"[${peer}]"` : peer;
  const named = host === undefined ? '' : `;host="${host.replace(/["\\]/g, '\\$&')}"`;
  return `for=${node}${named};proto=http`;
}

/** The client as the trusted proxies saw it: the last address of the chain that is none of theirs. */
export function clientOf(chain: readonly string[], isTrusted: HasAddress): string | undefined {
  const addresses = chain.flatMap((each) => each.split(',')).map((each) => each.trim());
  const client = addresses.findLast((address) => !isTrusted(address));
  return client !== undefined && isIP(client) !== 0 ? client : undefined;
}
