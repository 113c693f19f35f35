import type { Agent } from 'node:http';
import { globalAgent } from 'node:https';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { EnvHttpProxyAgent, setGlobalDispatcher } from 'undici';
import { trustedWith } from './trust-authority.js';

/** As HTTPS_PROXY, HTTP_PROXY and NO_PROXY say it, in capitals or not. */
export interface Proxies {
  readonly http: string | undefined;
  readonly https: string | undefined;
  /** Hosts and domains, separated by commas or spaces, each with a port or without; or `*`. */
  readonly none: string | undefined;
}

export interface Way {
  /** A file: the authority that has signed the server's certificate. */
  readonly ca: string | undefined;
  readonly proxies: Proxies;
}

/** --ca, or what the environment says. */
export const wayOf = (environment: Way, chosen: { readonly ca?: string | undefined }): Way => ({
  ca: chosen.ca ?? environment.ca,
  proxies: environment.proxies,
});

/** No proxy reaches the servers of this machine. */
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Whatever is fetched from now on goes through the proxy that the environment names, and trusts the authority that
 * was named, beside those that everybody trusts. For all of this process: it speaks to one server. Throws CliError.
 */
export function takeWayOut({ ca: file, proxies }: Way): void {
  if (file === undefined && !isAnyNamed(proxies)) return;
  const trust = file === undefined ? {} : { ca: trustedWith(file) };
  setGlobalDispatcher(
    new EnvHttpProxyAgent({
      httpProxy: proxies.http ?? '',
      httpsProxy: proxies.https ?? '',
      noProxy: [...entriesOf(proxies), ...LOOPBACK].join(','),
      connect: trust,
      requestTls: trust,
    }),
  );
  Object.assign(globalAgent.options, trust);
}

/** For artifacts that are pushed, which do not go by fetch; undefined: straight. Throws CliError. */
export function uploadAgentFor(server: string, { ca: file, proxies }: Way): Agent | undefined {
  const url = new URL(server);
  const proxy = url.protocol === 'https:' ? (proxies.https ?? proxies.http) : proxies.http;
  if (proxy === undefined || isDirect(url, proxies)) return undefined;
  return new HttpsProxyAgent(proxy, file === undefined ? {} : { ca: trustedWith(file) });
}

const isAnyNamed = ({ http, https }: Proxies) => http !== undefined || https !== undefined;
const entriesOf = ({ none }: Proxies) => (none ?? '').split(/[,\s]+/).filter(Boolean);

/** The same rules as the dispatcher's: a host is meant with all that is below it. */
function isDirect({ hostname, port, protocol }: URL, proxies: Proxies): boolean {
  const own = port || (protocol === 'https:' ? '443' : '80');
  return [...entriesOf(proxies), ...LOOPBACK].some((entry) => {
    if (entry === '*') return true;
    const [, host, at] = /^(.*?)(?::(\d+))?$/.exec(entry)!;
    const name = host!.replace(/^\*?\./, '').toLowerCase();
    return (at === undefined || at === own) && (hostname === name || hostname.endsWith(`.${name}`));
  });
}
