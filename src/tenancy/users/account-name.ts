import { z } from 'zod';

/**
 * A username has no `@`, so that what a person types at login is either a username or an e-mail
 * address and can never mean two people.
 */
export const username = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    'must be 1 to 63 of a-z, 0-9, ".", "_" and "-", starting with a letter or digit',
  );

/** The form that is compared: upper and lower case, and look-alike code points, are the same name. */
export function accountKey(name: string): string {
  return name.normalize('NFKC').trim().toLowerCase();
}

/** The column in which a typed name is looked up. */
export function accountKeyColumn(key: string): 'username_key' | 'email_key' {
  return key.includes('@') ? 'email_key' : 'username_key';
}
