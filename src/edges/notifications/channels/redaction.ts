/** Shorter ones are words that stand in answers anyway. */
const LEAST_CHARACTERS = 8;
const REDACTED = '[redacted]';

/**
 * An answer without what was sent in secret: receivers echo requests, and what they said is shown to people
 * who must not see the address of a chat or the receiver's password.
 */
export function withoutSecrets(answer: string, secrets: readonly unknown[]): string {
  const texts = secrets.filter((each) => typeof each === 'string').flatMap(formsOf);
  const known = [...new Set(texts)]
    .filter((text) => text.length >= LEAST_CHARACTERS)
    .sort((a, b) => b.length - a.length);
  return known.reduce((text, secret) => text.replaceAll(secret, REDACTED), answer);
}

/** As it stands in a header, in a request line, and in JSON that some servers write. */
function formsOf(secret: string): string[] {
  const words = secret.split(' ');
  const forms = [secret, ...words, ...pathsOf(secret)];
  return [...forms, ...forms.map((form) => form.replaceAll('/', '\\/'))];
}

function pathsOf(secret: string): string[] {
  if (!URL.canParse(secret)) return [];
  const { pathname, search } = new URL(secret);
  const parts = pathname.split('/');
  return [pathname + search, pathname, search.slice(1), ...parts, ...search.slice(1).split(/[&=]/)];
}
