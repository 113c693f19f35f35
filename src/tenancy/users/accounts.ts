import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import {
  type Account,
  accountOf,
  createUser,
  findAccount,
  type NewUser,
  replacePasswordHash,
} from './users.store.js';

/** Questions about people that are asked before a tenant is known. */
@Injectable()
export class Accounts {
  constructor(private readonly db: Database) {}

  /** `key` is an accountKey of a username or an e-mail address. */
  async find(key: string): Promise<Account | null> {
    return (await this.db.system((tx) => findAccount(tx, key))) ?? null;
  }

  async byId(userId: string): Promise<Account | null> {
    return (await this.db.system((tx) => accountOf(tx, userId))) ?? null;
  }

  /** Only if nobody changed the password meanwhile. */
  async replaceHash(userId: string, former: string, passwordHash: string): Promise<void> {
    await this.db.system((tx) => replacePasswordHash(tx, userId, { former, passwordHash }));
  }

  /** Returns its id; null: the name or the address is taken. */
  async create(user: NewUser): Promise<string | null> {
    return this.db.system((tx) => createUser(tx, user));
  }
}
