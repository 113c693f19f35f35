/** What an issuer says of a person, read as the provider's settings say. Pure. */
import { z } from 'zod';
import { limits } from '../../kernel/limits.js';
import type {
  ClaimCondition,
  FactorStatement,
  IdentityProviderRules,
} from './identity-provider.js';

export const externalPerson = z.object({
  issuer: z.string(),
  subject: z.string(),
  username: z.string().nullable(),
  displayName: z.string().nullable(),
  email: z.string().nullable(),
  isEmailVerified: z.boolean(),
  /** When the person last showed the issuer who they are, in ms since the epoch; null: it does not say. */
  authenticatedAt: z.number().nullable(),
  hasFactor: z.boolean(),
  /** Of the claims that rules ask about: all their values as texts. */
  claims: z.record(z.string(), z.array(z.string())),
});

export type ExternalPerson = z.infer<typeof externalPerson>;
type Claims = Readonly<Record<string, unknown>>;

const SUBJECT_CHARACTERS = 255;
const SHOWN_CHARACTERS = 200;
const EMAIL = /^[^\s@"<>()[\]\\,;:\p{Cc}]{1,64}@([a-z0-9-]+\.)+[a-z0-9-]{2,63}$/iu;

/** Null: the token has no subject that could be kept. */
export function externalPersonOf(
  claims: Claims,
  { issuer, claims: names, factor, admissions, rules }: IdentityProviderRules,
): ExternalPerson | null {
  const { sub, auth_time: authTime } = claims;
  if (typeof sub !== 'string' || sub === '' || sub.length > SUBJECT_CHARACTERS) return null;
  if (sub.includes('\u0000') || !sub.isWellFormed()) return null;
  const asked = [
    ...rules.flatMap(({ when }) => (when ? [when.claim] : [])),
    ...admissions.flatMap((one) => (one.by === 'claim' ? [one.claim] : [])),
  ];
  const email = textOf(claims, names.email);
  return {
    issuer,
    subject: sub,
    username: textOf(claims, names.username),
    displayName: textOf(claims, names.displayName),
    email: email !== null && EMAIL.test(email) ? email : null,
    isEmailVerified: isTrue(claimOf(claims, names.emailVerified)),
    authenticatedAt: typeof authTime === 'number' ? authTime * 1000 : null,
    hasFactor: countsAsFactor(claims, factor),
    claims: Object.fromEntries(asked.map((name) => [name, valuesOf(claimOf(claims, name))])),
  };
}

export function meets(person: ExternalPerson, { claim, value }: ClaimCondition): boolean {
  return Object.hasOwn(person.claims, claim) && person.claims[claim]!.includes(value);
}

/** Lower case; null: there is no address, or the issuer has not verified it. */
export function verifiedDomainOf({ email, isEmailVerified }: ExternalPerson): string | null {
  if (email === null || !isEmailVerified) return null;
  return email.slice(email.lastIndexOf('@') + 1).toLowerCase();
}

function countsAsFactor(claims: Claims, factor: FactorStatement): boolean {
  if (factor.counts !== 'when-said') return factor.counts === 'always';
  const amr = valuesOf(claims['amr']);
  const acr = claims['acr'];
  return (
    factor.amr.some((one) => amr.includes(one)) ||
    (typeof acr === 'string' && factor.acr.includes(acr))
  );
}

/** By its whole name first, since names may have dots; else a path through objects. */
function claimOf(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part))
      return undefined;
    value = (value as Claims)[part];
  }
  return value;
}

function textOf(claims: Claims, name: string): string | null {
  const value = claimOf(claims, name);
  if (typeof value !== 'string' || value === '' || !value.isWellFormed()) return null;
  return /\p{Cc}/u.test(value) ? null : value.slice(0, SHOWN_CHARACTERS);
}

/** Some send it as a text; nothing else is a yes. */
function isTrue(value: unknown): boolean {
  return value === true || value === 'true';
}

function valuesOf(value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list
    .filter((one) => ['string', 'number', 'boolean'].includes(typeof one))
    .map(String)
    .filter((one) => one.length <= limits.claimValueCharacters)
    .slice(0, limits.claimValues);
}
