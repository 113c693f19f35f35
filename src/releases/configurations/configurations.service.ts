import { Injectable } from '@nestjs/common';
import { assert } from '../../kernel/assert.js';
import { digestOf } from '../../kernel/digest.js';
import { newId } from '../../kernel/ids.js';
import { environmentKey } from '../../fleet/environments/environment.js';
import { environmentByName } from '../../fleet/fleet.queries.js';
import { Audit } from '../../platform/audit/audit.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { idempotent, type StoredAnswer } from '../../platform/http/idempotency.js';
import { type Page, type PageRequest, newestFirst } from '../../platform/http/page.js';
import { moduleByName, newestConfiguration } from '../releases.queries.js';
import { lockModule } from '../releases.store.js';
import type { Configuration, NewConfiguration } from './configurations.dto.js';

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
  constructor(
    private readonly database: Database,
    private readonly audit: Audit,
  ) {}

  list(
    ctx: Context,
    place: ConfigurationPlace,
    request: PageRequest,
  ): Promise<Page<Configuration>> {
    return this.database.transaction(ctx, async (open) => {
      const found = await find(open, place);
      const list = `configurations of ${found.moduleId} in ${found.environmentId}`;
      return newestFirst(list, request, (before, take) =>
        configurations(open, found, '($4::uuid is null or id < $4)', [before, take]),
      );
    });
  }

  /** The same values as the newest ones have make no new number: 200 with the one that is there. */
  append(
    ctx: Context,
    place: ConfigurationPlace,
    body: NewConfiguration,
    idempotencyKey: string | undefined,
  ): Promise<StoredAnswer<Configuration>> {
    const { moduleName, environment } = place;
    const route = `POST /modules/${moduleName}/configurations/${environmentKey(environment)}`;
    const { text, digest } = digestOf('configuration', body.values);
    return idempotent(this.database, ctx, { key: idempotencyKey, route, body }, async (open) => {
      const found = await find(open, place);
      await lockModule(open, found.moduleId);
      const newest = await newestConfiguration(open, found.moduleId, found.environmentId);
      if (newest?.configurationDigest === digest) {
        return { status: 200, body: await one(open, found, newest.id) };
      }
      const id = newId();
      const number = (newest?.number ?? 0) + 1;
      await open.tx.execute(
        `insert into configurations (tenant_id, id, environment_id, module_id, number, body_text,
           configuration_digest, created_by) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
        [
          open.tenantId,
          id,
          found.environmentId,
          found.moduleId,
          number,
          text,
          digest,
          open.actor.name,
        ],
      );
      // Values stay out of the audit: some of them should have been secrets.
      await this.audit.append(open, {
        category: 'releases',
        action: 'configuration-created',
        subject: { kind: 'configuration', id },
        body: { moduleName, environment: found.environment, number, configurationDigest: digest },
      });
      return { status: 201, body: await one(open, found, id) };
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

async function one(open: OpenContext, found: Found, id: string): Promise<Configuration> {
  const [row] = await configurations(open, found, 'id = $4', [id, 1]);
  assert(row, 'a configuration that was read or written in this transaction is there');
  return row;
}

/** The last parameter is the limit. */
async function configurations(
  open: OpenContext,
  found: Found,
  condition: string,
  parameters: readonly unknown[],
): Promise<Configuration[]> {
  const { moduleName, environment, moduleId, environmentId } = found;
  const rows = await open.tx.query<ConfigurationRow>(
    `select id, number, configuration_digest as "configurationDigest", body_text as "bodyText",
            created_by as "createdBy", created_at as "createdAt"
     from configurations
     where tenant_id = $1 and module_id = $2 and environment_id = $3 and ${condition}
     order by id desc limit $5`,
    [open.tenantId, moduleId, environmentId, ...parameters],
  );
  return rows.map(({ bodyText, createdAt, ...rest }) => ({
    ...rest,
    moduleName,
    environment,
    values: JSON.parse(bodyText) as Record<string, string>,
    createdAt: createdAt.toISOString(),
  }));
}

interface ConfigurationRow {
  readonly id: string;
  readonly number: number;
  readonly configurationDigest: string;
  readonly bodyText: string;
  readonly createdBy: string;
  readonly createdAt: Date;
}
