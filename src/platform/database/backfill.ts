/**
 * Rewrites rows of all tenants in a data migration. Row-level security is forced on the owner as well,
 * whose own UPDATE would silently touch nothing: this work runs as a role with a policy of its own, and
 * for the open transaction only. A migration file does the same with
 * `set local role tidegate_backfill; …; reset role;`.
 */
export interface Session {
  query(sql: string): Promise<unknown>;
}

export async function backfill<S extends Session, T>(
  owner: S,
  work: (session: S) => Promise<T>,
): Promise<T> {
  await owner.query('begin');
  try {
    await owner.query('set local role tidegate_backfill');
    const result = await work(owner);
    await owner.query('commit');
    return result;
  } catch (error) {
    await owner.query('rollback');
    throw error;
  }
}
