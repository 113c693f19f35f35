import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { accountKeyColumn } from './account-name.js';

export interface Account {
  readonly id: string;
  readonly username: string;
  readonly passwordHash: string;
  readonly isDisabled: boolean;
  /** Digests of networks with the time of the last sign-in from each. */
  readonly knownNetworks: Readonly<Record<string, number>>;
  /** The tenants the person is a member of; deleted ones are left out. */
  readonly tenants: readonly { readonly id: string; readonly slug: string }[];
}

/** Questions about people that are asked before a tenant is known. */
@Injectable()
export class Accounts {
  constructor(private readonly db: Database) {}

  /** `key` is an accountKey of a username or an e-mail address. */
  async find(key: string): Promise<Account | null> {
    const [account] = await this.db.system((tx) =>
      tx.query<Account>(
        `select u.id, u.username, u.password_hash as "passwordHash",
           u.disabled_at is not null as "isDisabled", u.known_networks as "knownNetworks",
           coalesce((select jsonb_agg(jsonb_build_object('id', t.id, 'slug', t.slug) order by t.slug)
             from tenants t where t.status <> 'deleted' and exists (
               select 1 from memberships m where m.tenant_id = t.id and m.user_id = u.id)
           ), '[]') as tenants
         from users u where u.${accountKeyColumn(key)} = $1`,
        [key],
      ),
    );
    return account ?? null;
  }

  /** Only if nobody changed the password meanwhile. */
  async replaceHash(userId: string, former: string, passwordHash: string): Promise<void> {
    await this.db.system((tx) =>
      tx.execute('update users set password_hash = $3 where id = $1 and password_hash = $2', [
        userId,
        former,
        passwordHash,
      ]),
    );
  }
}
