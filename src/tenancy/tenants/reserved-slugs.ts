/**
 * A slug may stand before the installation's own name (`acme.tidegate.example`), so it is none of the
 * names that hosts have there, and none that people take for the platform itself.
 */
const RESERVED: readonly string[] = [
  'admin',
  'agent',
  'api',
  'app',
  'assets',
  'auth',
  'cdn',
  'console',
  'dashboard',
  'docs',
  'health',
  'help',
  'hubs',
  'localhost',
  'login',
  'mail',
  'metrics',
  'ns1',
  'ns2',
  'public',
  'root',
  'scim',
  'smtp',
  'static',
  'status',
  'support',
  'system',
  'tidegate',
  'www',
];

export function isReservedSlug(slug: string): boolean {
  return RESERVED.includes(slug) || slug.startsWith('xn--');
}
