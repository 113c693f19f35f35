/** What a repository does not do by itself: both say which rows they have written, as they are now. */
import type {
  FindOptionsWhere,
  InsertQueryBuilder,
  ObjectLiteral,
  QueryDeepPartialEntity,
  Repository,
} from 'typeorm';

/**
 * Inserts those that take nobody's key or name, and answers them. What is taken is no error of
 * PostgreSQL's, which would end the transaction.
 */
export async function insertNew<Entity extends ObjectLiteral>(
  repository: Repository<Entity>,
  ...rows: readonly Partial<Entity>[]
): Promise<Entity[]> {
  const insert: InsertQueryBuilder<Entity> = repository.createQueryBuilder().insert();
  const added = await insert
    .values(rows as QueryDeepPartialEntity<Entity>[])
    .orIgnore()
    .updateEntity(false)
    .returning('*')
    .execute();
  return entitiesOf(repository, added.raw as object[]);
}

/**
 * Updates the row, if it is still as the condition says: with a `version` in it, only what the caller
 * has seen. Undefined: it is not.
 */
export async function updateOne<Entity extends ObjectLiteral>(
  repository: Repository<Entity>,
  where: FindOptionsWhere<Entity>,
  changes: Partial<Entity>,
): Promise<Entity | undefined> {
  const values = changes as QueryDeepPartialEntity<Entity>;
  const changed = await repository.update(where, values, { returning: '*' });
  return entitiesOf(repository, changed.raw as object[])[0];
}

function entitiesOf<Entity extends ObjectLiteral>(
  { manager, metadata }: Repository<Entity>,
  raw: readonly object[],
): Entity[] {
  const { driver } = manager.dataSource;
  return raw.map((row) => {
    const entity = metadata.create() as Entity;
    return Object.assign(entity, driver.createGeneratedMap(metadata, row, 0, 1));
  });
}
