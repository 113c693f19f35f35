import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import {
  type ArchiveKey,
  archiveFolder,
  archiveKey,
  type ObjectStore,
  personalFolder,
  personalKey,
} from '../../../drivers/storage/object-store.js';
import { OBJECT_STORE } from '../../../drivers/storage/object-store.token.js';
import type { Context } from '../../../platform/context.js';
import { TenantPurger, TenantPurgers } from '../../../tenancy/tenant-tasks/tenant-purger.js';
import { ARCHIVE_WORD } from './archive-names.js';

/** Objects in one turn: the task is written down after each. */
const OBJECTS = 50;

/**
 * Takes the archived entries of a tenant out of the store, what is personal first. Its checkpoints stay: they
 * say how many entries there were, and nothing of what they were.
 */
@Injectable()
export class ArchivePurge extends TenantPurger implements OnModuleInit {
  constructor(
    private readonly purgers: TenantPurgers,
    @Inject(OBJECT_STORE) private readonly store: ObjectStore,
  ) {
    super();
  }

  onModuleInit(): void {
    this.purgers.register(this);
  }

  async purgeTenant({ tenantId }: Context): Promise<boolean> {
    const personal = await this.store.archived(personalFolder(tenantId, ARCHIVE_WORD));
    const leaves = await this.store.archived(archiveFolder(tenantId, ARCHIVE_WORD));
    const keys: ArchiveKey[] = [
      ...personal.map((name) => personalKey(tenantId, ARCHIVE_WORD, name)),
      ...leaves.map((name) => archiveKey(tenantId, ARCHIVE_WORD, name)),
    ];
    for (const key of keys.slice(0, OBJECTS)) await this.store.delete(key);
    return keys.length <= OBJECTS;
  }
}
