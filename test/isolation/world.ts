/** The whole API with two tenants that have everything, and everything that it says. */
import type { Type } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import { Logger } from '../../src/platform/logging/logger.js';
import type { Role } from '../../src/kernel/permission.js';
import { withClient } from '../support/database.js';
import { WholeApp } from '../support/whole-app.js';
import { Inhabitant, newMark } from './inhabitant.js';
import { operationsOf, type Operation } from './operations.js';
import { furnish, nodeToken } from './subjects.js';
import { ownIds, Traces } from './traces.js';

export const TENANT_ROLES: readonly Role[] = ['Viewer', 'Operator', 'Deployer', 'Admin'];

export class World {
  readonly log: string[] = [];
  readonly nobody = newMark('none');
  /** Whatever of A has been sent by B: it may be said back. */
  readonly sent: string[] = [];
  /** Who asks, and with what token. */
  readonly principals = new Map<string, () => Promise<string | null>>();
  whole!: WholeApp;
  operations!: readonly Operation[];
  a!: Inhabitant;
  b!: Inhabitant;
  /** Of A. */
  traces!: Traces;

  static async build(modules: readonly Type[] = []): Promise<World> {
    const world = new World();
    const destination = { write: (line: string) => void world.log.push(line) };
    const logger = Logger.create({ level: 'debug', format: 'json', destination });
    const environment = { TIDEGATE_TRUSTED_PROXIES: '127.0.0.1' };
    world.whole = await WholeApp.start({ environment, logger, modules });
    try {
      await world.furnish();
    } catch (error) {
      await world.whole.close();
      throw error;
    }
    return world;
  }

  /** As if somebody had forgotten it in all tables; the product's own conditions are left. */
  async withoutRowLevelSecurity(): Promise<void> {
    await withClient(this.whole.database.superuser, (client) =>
      client.query(`do $$ declare name text; begin
        for name in select oid::regclass::text from pg_class where relrowsecurity
            and relnamespace = 'public'::regnamespace
        loop execute 'alter table ' || name || ' disable row level security'; end loop; end $$`),
    );
  }

  async metrics(): Promise<string[]> {
    return (await (await fetch(`${this.whole.url}/metrics`)).text()).split('\n');
  }

  close(): Promise<void> {
    return this.whole.close();
  }

  private async furnish(): Promise<void> {
    const { whole } = this;
    const document = (await (await fetch(`${whole.url}/api/openapi.json`)).json()) as OpenAPIObject;
    this.operations = operationsOf(document);
    this.a = await Inhabitant.move(whole, 'cnry');
    await furnish(this.a);
    await this.newcomer();
  }

  /** Another B, that has never heard of A. */
  async newcomer(): Promise<void> {
    const { whole } = this;
    const b = await Inhabitant.move(whole, 'ours');
    this.b = b;
    await furnish(b);
    for (const role of TENANT_ROLES) {
      const { token } = await whole.member(b.id, role);
      this.principals.set(role, async () => token);
    }
    const { secret } = await b.make('POST', '/access-keys', { name: 'all', permissions: 'admin' });
    this.principals.set('access key', async () => secret as string);
    this.principals.set('node', () => nodeToken(b, b.values.node!));
    this.principals.set('nobody', async () => null);
    this.traces = new Traces(await ownIds(this.a, b), this.a.mark);
  }
}
