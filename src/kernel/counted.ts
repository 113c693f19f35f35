/** `1 node`, `2 nodes`, `3 entries`, `2 switches`: a count with its noun, wherever people read one. */
export function counted(count: number, noun: string): string {
  return `${count} ${count === 1 ? noun : pluralOf(noun)}`;
}

/** `1 node runs`, `2 nodes run`: with the verb, given as it follows one. */
export function countedWith(count: number, noun: string, one: string, many: string): string {
  return `${counted(count, noun)} ${count === 1 ? one : many}`;
}

function pluralOf(noun: string): string {
  if (noun.endsWith('series')) return noun;
  if (noun.endsWith('person')) return `${noun.slice(0, -'person'.length)}people`;
  if (/[^aeiou]y$/.test(noun)) return `${noun.slice(0, -1)}ies`;
  return /(s|x|z|ch|sh)$/.test(noun) ? `${noun}es` : `${noun}s`;
}
