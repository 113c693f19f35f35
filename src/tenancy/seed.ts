import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { assert } from '../kernel/assert.js';
import type { Role } from '../kernel/permission.js';
import { Config } from '../platform/config/config.js';
import { Context } from '../platform/context.js';
import { Database } from '../platform/database/database.js';
import type { SystemTransaction } from '../platform/database/transaction.js';
import { PasswordHasher } from './auth/password-hasher.js';
import { DEFAULT_TENANT, PLATFORM_TENANT } from './tenants/platform-tenant.js';
import { isGone } from './tenants/tenant.js';
import { TenantSeeders } from './tenants/tenant-seeder.js';
import {
  insertTenant,
  lockTenantSeeding,
  type Tenant,
  tenantBySlug,
} from './tenants/tenants.store.js';
import { DEMO_USERS } from './users/demo-users.js';
import { createUser, grantRole, hasUsers } from './users/users.store.js';

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
    const { isGone: isDefaultGone, ...result } = await this.db.system(
      async (tx): Promise<SeedResult & { isGone: boolean }> => {
        await lockTenantSeeding(tx);
        await ensureTenant(tx, PLATFORM_TENANT);
        const { id: tenantId, status } = await ensureTenant(tx, DEFAULT_TENANT);
        const isFirst = !(await hasUsers(tx));
        if (isFirst) for (const person of people) await addPerson(tx, tenantId, person);
        const generated = people.find(({ isGenerated }) => isFirst && isGenerated);
        return {
          tenantId,
          isGone: isGone(status),
          generated: generated
            ? { username: generated.username, password: generated.password }
            : null,
        };
      },
    );
    // Somebody has deleted it: a purge is not to find anything new.
    if (!isDefaultGone) await this.seeders.seed(Context.system(result.tenantId, 'seed'));
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
  tx: SystemTransaction,
  tenant: { readonly id?: string; readonly slug: string; readonly name: string },
): Promise<Tenant> {
  await insertTenant(tx, tenant);
  const found = await tenantBySlug(tx, tenant.slug);
  assert(found, 'a tenant that was inserted or in the way is there');
  return found;
}

async function addPerson(
  tx: SystemTransaction,
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
