import { Injectable } from '@nestjs/common';
import { LessThan } from 'typeorm';
import { assert } from '../../kernel/assert.js';
import { digestOf } from '../../kernel/digest.js';
import { environmentKey } from '../../kernel/environment-key.js';
import { newId } from '../../kernel/ids.js';
import { environmentByName } from '../../fleet/fleet.queries.js';
import { Permission } from '../../kernel/permission.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { insertNew } from '../../platform/database/entity-rows.js';
import { idempotent, type StoredAnswer } from '../../platform/http/idempotency.js';
import { type Page, type PageRequest, newestFirst } from '../../platform/http/page.js';
import { moduleNotFound } from '../releases.errors.js';
import { moduleByName, newestConfigurationRow } from '../releases.queries.js';
import { lockModule } from '../releases.store.js';
import { ConfigurationEntity } from './configuration.entity.js';
import type { Configuration, NewConfiguration } from './configurations.dto.js';
import { configurationCreated } from './configurations.events.js';

/** Which module and where: the two names in the path. */
export interface ConfigurationPlace {
  readonly moduleName: string;
  readonly environment: string;
}

/**
 * What a module is told beside its manifest, by environment. Append-only: a change is a new number,
 * and a deployment pins the number it was made with.
 */
@Injectable()
export class ConfigurationsService {
  constructor(private readonly database: Database) {}

  /** Throws `module-not-found`, `environment-not-found`, `permission-missing`. */
  async list(
    ctx: Context,
    place: ConfigurationPlace,
    request: PageRequest,
  ): Promise<Page<Configuration>> {
    const { moduleName: module, environment } = place;
    if (!ctx.can(Permission.ConfigurationsRead, { module })) throw moduleNotFound(module);
    // What environments there are, everybody may know.
    ctx.require(Permission.ConfigurationsRead, { module, environment });
    return this.database.transaction(ctx, async (open) => {
      const found = await find(open, place);
      const list = `configurations of ${found.moduleId} in ${found.environmentId}`;
      return newestFirst(list, request, async (before, take) => {
        const { moduleId, environmentId } = found;
        const there = { tenantId: open.tenantId, moduleId, environmentId };
        const rows = await open.tx.repository(ConfigurationEntity).find({
          where: before === null ? there : { ...there, id: LessThan(before) },
          order: { id: 'desc' },
          take,
        });
        return rows.map((row) => configurationOf(found, row));
      });
    });
  }

  /** The same values as the newest ones have make no new number: 200 with the one that is there. */
  async append(
    ctx: Context,
    place: ConfigurationPlace,
    body: NewConfiguration,
    idempotencyKey: string | undefined,
  ): Promise<StoredAnswer<Configuration>> {
    const { moduleName, environment } = place;
    ctx.require(Permission.ConfigurationsCreate, { module: moduleName, environment });
    const route = `POST /modules/${moduleName}/configurations/${environmentKey(environment)}`;
    const { text, digest } = digestOf('configuration', body.values);
    // The values stand in their own row, and nowhere else.
    const kept = {
      referenceOf: ({ id }: Configuration) => ({ id }),
      read: (open: OpenContext, reference: unknown) => readAgain(open, place, reference),
    };
    const request = { key: idempotencyKey, route, body, kept };
    return idempotent(this.database, ctx, request, async (open) => {
      const found = await find(open, place);
      await lockModule(open, found.moduleId);
      const newest = await newestConfigurationRow(open, found.moduleId, found.environmentId);
      if (newest?.configurationDigest === digest) {
        return { status: 200, body: configurationOf(found, newest) };
      }
      const [row] = await insertNew(open.tx.repository(ConfigurationEntity), {
        tenantId: open.tenantId,
        id: newId(),
        environmentId: found.environmentId,
        moduleId: found.moduleId,
        number: (newest?.number ?? 0) + 1,
        bodyText: text,
        configurationDigest: digest,
        createdBy: open.actor.name,
        createdByPerson: open.actor.personId,
      });
      assert(row, 'nobody else has written the next number: the module is locked');
      const { id, number, configurationDigest } = row;
      const facts = { moduleName, environment: found.environment, number, configurationDigest };
      await open.record(configurationCreated(id, facts));
      return { status: 201, body: configurationOf(found, row) };
    });
  }
}

interface Found extends ConfigurationPlace {
  readonly moduleId: string;
  readonly environmentId: string;
}

async function find(open: OpenContext, place: ConfigurationPlace): Promise<Found> {
  const { id: moduleId } = await moduleByName(open, place.moduleName);
  const { id: environmentId, name } = await environmentByName(open, place.environment);
  return { moduleName: place.moduleName, moduleId, environment: name, environmentId };
}

async function readAgain(open: OpenContext, place: ConfigurationPlace, reference: unknown) {
  const { id } = reference as Pick<Configuration, 'id'>;
  const found = await find(open, place);
  const { tenantId, tx } = open;
  const row = await tx.repository(ConfigurationEntity).findOneByOrFail({ tenantId, id });
  return configurationOf(found, row);
}

function configurationOf(
  { moduleName, environment }: Found,
  row: Readonly<ConfigurationEntity>,
): Configuration {
  const { id, number, configurationDigest, createdBy } = row;
  return {
    id,
    number,
    configurationDigest,
    createdBy,
    createdAt: row.createdAt.toISOString(),
    moduleName,
    environment,
    values: JSON.parse(row.bodyText) as Record<string, string>,
  };
}
