import { issuerInvalid } from './federated-identities.errors.js';
import { type IssuerKindName, issuerKinds } from './issuer-kinds.js';

/** The issuer as it is compared with `iss`: character by character. Throws `issuer-invalid`. */
export function issuerOf(kind: IssuerKindName, given: string | undefined): string {
  const issuer = given ?? issuerKinds[kind].issuer;
  if (issuer === null) {
    throw issuerInvalid('Give the issuer: the address that its tokens have as `iss`.');
  }
  const url = URL.canParse(issuer) ? new URL(issuer) : null;
  const isWeb = url && ['https:', 'http:'].includes(url.protocol);
  const isPlain = url && !url.search && !url.hash && !url.username && !url.password;
  // Tokens name it in one spelling, and so does the rule; the slash at the end may be there or not.
  const isSpelled = url && (url.href === issuer || url.href === `${issuer}/`);
  if (isWeb && isPlain && isSpelled) return issuer;
  throw issuerInvalid(
    'The issuer must be an address like https://gitlab.example.com, spelled as its tokens have it in `iss`, without a query or a password.',
  );
}
