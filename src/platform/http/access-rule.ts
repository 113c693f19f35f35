import type { Permission } from '../../kernel/permission.js';

/**
 * Who may call a route or socket message. Exactly one of these stands on every handler, or the
 * process does not start (access-check.ts); there is no default.
 */
export type Access =
  | ({ readonly kind: 'permission'; readonly permission: Permission } & Proof)
  | ({ readonly kind: 'authenticated' } & Pick<Proof, 'isForEnrolling'>)
  | ({ readonly kind: 'person' } & Proof)
  | { readonly kind: 'agent' }
  | { readonly kind: 'directory' }
  | { readonly kind: 'public'; readonly isProbe?: boolean };

/** What is asked of people beside a good token; whoever is no person cannot give it. */
export interface Proof {
  /** They have shown within the last minutes, once more, that it is they: a factor or the password. */
  readonly isStepUp?: boolean;
  /** Open to those who have yet to enrol the second factor that their tenant demands. */
  readonly isForEnrolling?: boolean;
  /**
   * Of routes for people: open to sessions that a tenant’s provider vouches for as well. All others are
   * about the account, which is more than one tenant.
   */
  readonly isForVouched?: boolean;
}

/** About the person’s account, whichever tenant they are in. */
export function isAboutAccount(access: Access): boolean {
  return access.kind === 'person' && access.isForVouched !== true;
}
