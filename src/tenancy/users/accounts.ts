import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { type Account, findAccount, replacePasswordHash } from './users.store.js';

/** Questions about people that are asked before a tenant is known. */
@Injectable()
export class Accounts {
  constructor(private readonly db: Database) {}

  /** `key` is an accountKey of a username or an e-mail address. */
  async find(key: string): Promise<Account | null> {
    return (await this.db.system((tx) => findAccount(tx, key))) ?? null;
  }

  /** Only if nobody changed the password meanwhile. */
  async replaceHash(userId: string, former: string, passwordHash: string): Promise<void> {
    await this.db.system((tx) => replacePasswordHash(tx, userId, { former, passwordHash }));
  }
}
