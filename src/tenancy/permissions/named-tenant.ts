import { dnsLabel } from '../../kernel/text.js';
import { tenantMismatch } from '../tenancy.errors.js';

/** What a request says beside its token. */
interface Naming {
  /** `X-Tenant`, or the body of a sign-in. */
  readonly said: string | undefined;
  /** Of the address that was called, without its port. */
  readonly host: string;
}

/**
 * The slug of the tenant that a request names: by `X-Tenant` (a sign-in: in its body), or by a subdomain of the server's public
 * address (`acme.tidegate.example.com`). Undefined: it names none, and is about the tenant of its token.
 * Throws `tenant-mismatch` for one that names two.
 */
export function namedTenant({ said, host }: Naming, publicUrl: string | null): string | undefined {
  const subdomain = publicUrl === null ? undefined : subdomainOf(host, new URL(publicUrl).hostname);
  if (said === undefined || subdomain === undefined) return said ?? subdomain;
  if (said !== subdomain) throw tenantMismatch();
  return said;
}

function subdomainOf(host: string, publicHost: string): string | undefined {
  const name = host.toLowerCase();
  if (!name.endsWith(`.${publicHost}`)) return undefined;
  const label = name.slice(0, -publicHost.length - 1);
  return dnsLabel.safeParse(label).success ? label : undefined;
}
