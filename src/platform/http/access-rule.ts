import type { Permission } from '../../kernel/permission.js';

/**
 * Who may call a route or socket message. Exactly one of these stands on every handler, or the
 * process does not start (access-check.ts); there is no default.
 */
export type Access =
  | { readonly kind: 'permission'; readonly permission: Permission }
  | { readonly kind: 'authenticated' }
  | { readonly kind: 'agent' }
  | { readonly kind: 'public'; readonly isProbe?: boolean };
