/** What a schema would look like, tried on the server itself in a transaction that is never committed. */
import type { Client } from 'pg';
import { DomainError, messageOf } from '../../../kernel/errors.js';
import type { Migration } from './migration-files.js';
import { namesTable, type Ask } from './migration-record.js';
import { shapeOf, type Shape } from './schema-shape.js';

/** Whoever holds a table that long is at work on it; nobody should wait behind a trial. */
const LOCK_TIMEOUT = '5s';
/** The schema of the home, while another one stands in its place. */
const ASIDE = 'tidegate_set_aside';

export function asking(client: Client): Ask {
  return async <Row>(sql: string, parameters: unknown[] = []) =>
    (await client.query(sql, parameters)).rows as Row[];
}

/**
 * The schema that these migrations make. They name `public`, so the present one is put aside: others
 * see neither that nor the new one, since a catalogue, too, shows only what has been committed.
 */
export async function shapeMadeBy(
  client: Client,
  migrations: readonly Migration[],
): Promise<Shape> {
  return rolledBack(client, async (ask) => {
    try {
      await ask(`alter schema public rename to ${ASIDE}`);
      await ask('create schema public');
    } catch (cause) {
      throw new DomainError(
        'conflict',
        'schema-not-comparable',
        `The schema could not be compared with the migrations (${messageOf(cause)}): make the role that migrates owner of the schema public, and grant it CREATE on the database.`,
        { cause },
      );
    }
    await ask(`create table ${namesTable} (id serial primary key, timestamp bigint, name text)`);
    for (const { up } of migrations) await ask(up.sql);
    return shapeOf(ask);
  });
}

/** The schema before and after that one is taken back; nothing is. */
export async function shapesAround(
  client: Client,
  { down }: Migration,
): Promise<{ before: Shape; after: Shape }> {
  return rolledBack(client, async (ask) => {
    const before = await shapeOf(ask);
    await ask(down.sql);
    return { before, after: await shapeOf(ask) };
  });
}

export async function rolledBack<T>(client: Client, work: (ask: Ask) => Promise<T>): Promise<T> {
  await client.query('begin');
  try {
    await client.query(`set local lock_timeout = '${LOCK_TIMEOUT}'`);
    return await work(asking(client));
  } finally {
    await client.query('rollback');
  }
}
