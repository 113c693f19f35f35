/** `nodes a, b, c and 4 more`: three names say enough; a wave may have 500 nodes. */
export function nodeNames(nodes: readonly string[]): string {
  const more = nodes.length > 3 ? ` and ${nodes.length - 3} more` : '';
  return `${nodes.length === 1 ? 'node' : 'nodes'} ${nodes.slice(0, 3).join(', ')}${more}`;
}
