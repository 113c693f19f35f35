/** More names than this are a number: what is said of a step must fit into its journal entry. */
const NAMES_MOST = 5;

/** `a, b, c, d, e and 7 more`. */
export function named(nodes: readonly { readonly name: string }[]): string {
  const names = nodes.slice(0, NAMES_MOST).map(({ name }) => name);
  const more = nodes.length > names.length ? ` and ${nodes.length - names.length} more` : '';
  return `${names.join(', ')}${more}`;
}
