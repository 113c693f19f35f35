import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { newId } from '../kernel/ids.js';
import type { Role } from '../kernel/permission.js';
import { Config } from '../platform/config/config.js';
import { Context } from '../platform/context.js';
import { Database } from '../platform/database/database.js';
import type { Transaction } from '../platform/database/transaction.js';
import { PasswordHasher } from './auth/password-hasher.js';
import { DEFAULT_TENANT, PLATFORM_TENANT } from './tenants/platform-tenant.js';
import { TenantSeeders } from './tenants/tenant-seeder.js';
import { createUser, grantRole } from './users/create-user.js';
import { DEMO_USERS } from './users/demo-users.js';

export interface SeedResult {
  readonly tenantId: string;
  /** The first admin's password when it was made up: print it once, it is stored nowhere. */
  readonly generated: { readonly username: string; readonly password: string } | null;
}

interface Person {
  readonly username: string;
  readonly password: string;
  readonly roles: readonly Role[];
  readonly isGenerated: boolean;
}

/** Any number; what matters is that every process takes the same lock. */
const SEED_LOCK = 7_321_001;

/**
 * What a first start puts into an empty database: the reserved tenant, the tenant `default`, the
 * first admin, in a demo its users. Runs at every start, changes nothing that is there, and lets
 * one of several processes go first. Call it when all modules have registered their seeders.
 */
@Injectable()
export class Seed {
  constructor(
    private readonly db: Database,
    private readonly config: Config,
    private readonly passwords: PasswordHasher,
    private readonly seeders: TenantSeeders,
  ) {}

  async run(): Promise<SeedResult> {
    // Hashed before the transaction: it takes long, and a retry must not do it again.
    const people = await this.hashed((await this.isEmpty()) ? this.people() : []);
    const result = await this.db.system(async (tx): Promise<SeedResult> => {
      await tx.query('select pg_advisory_xact_lock($1)', [SEED_LOCK]);
      await ensureTenant(tx, PLATFORM_TENANT.id, PLATFORM_TENANT);
      const tenantId = await ensureTenant(tx, newId(), DEFAULT_TENANT);
      const isFirst = !(await hasUsers(tx));
      if (isFirst) for (const person of people) await addPerson(tx, tenantId, person);
      const generated = people.find(({ isGenerated }) => isFirst && isGenerated);
      return {
        tenantId,
        generated: generated
          ? { username: generated.username, password: generated.password }
          : null,
      };
    });
    await this.seeders.seed(Context.system(result.tenantId, 'seed'));
    return result;
  }

  private isEmpty(): Promise<boolean> {
    return this.db.system(async (tx) => !(await hasUsers(tx)));
  }

  private people(): Person[] {
    if (this.config.demo) {
      return DEMO_USERS.map(({ username, password, role }) => ({
        username,
        password,
        roles: role === 'Admin' ? ['Admin', 'PlatformAdmin'] : [role],
        isGenerated: false,
      }));
    }
    const { username, password } = this.config.admin;
    return [
      {
        username,
        password: password ?? randomBytes(15).toString('base64url'),
        roles: ['Admin', 'PlatformAdmin'],
        isGenerated: password === null,
      },
    ];
  }

  private hashed(people: readonly Person[]): Promise<(Person & { passwordHash: string })[]> {
    return Promise.all(
      people.map(async (person) => ({
        ...person,
        passwordHash: await this.passwords.hash(person.password),
      })),
    );
  }
}

async function ensureTenant(
  tx: Transaction,
  id: string,
  tenant: { readonly slug: string; readonly name: string },
): Promise<string> {
  await tx.execute(
    'insert into tenants (id, slug, name) values ($1, $2, $3) on conflict (slug) do nothing',
    [id, tenant.slug, tenant.name],
  );
  const [row] = await tx.query<{ id: string }>('select id from tenants where slug = $1', [
    tenant.slug,
  ]);
  return row!.id;
}

async function hasUsers(tx: Transaction): Promise<boolean> {
  return (await tx.query('select 1 from users limit 1')).length > 0;
}

async function addPerson(
  tx: Transaction,
  tenantId: string,
  person: Person & { readonly passwordHash: string },
): Promise<void> {
  const userId = await createUser(tx, person);
  if (userId === null) return;
  for (const role of person.roles) {
    const home = role === 'PlatformAdmin' ? PLATFORM_TENANT.id : tenantId;
    await grantRole(tx, { tenantId: home, userId, role });
  }
}
