/**
 * Statements of one transaction that were sent together. When one fails, those behind it fail because
 * of it: the error is that of the first, whichever is heard of first.
 */
export async function together<T extends readonly Promise<unknown>[]>(
  statements: readonly [...T],
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(statements);
  return Promise.all(statements);
}
