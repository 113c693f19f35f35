import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type {
  TenantServer,
  TenantServerKind,
  TenantServerStep,
} from '../../drivers/tenant-servers/tenant-server.js';
import { TenantServers } from '../../drivers/tenant-servers/tenant-servers.js';
import { assert } from '../../kernel/assert.js';
import { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { Sealer } from '../../platform/sealing/sealer.js';
import { openProvisioned } from '../tenants/tenant-opening.service.js';
import { DONE, MORE, type StepEnd, type TenantStep } from './tenant-step.js';
import { deleteResource, insertResource, resourceOf } from './tenant-resources.store.js';
import type { TenantTask } from './tenant-tasks.store.js';

const PASSWORD_BYTES = 32;
const OPEN: string = 'open';

export function newPassword(): string {
  return randomBytes(PASSWORD_BYTES).toString('base64url');
}

export function secretContext(tenantId: string, kind: TenantServerKind): string {
  return `tenant-resource:${kind}:${tenantId}`;
}

/** What a tenant gets on other servers: the steps there, and at the end the tenant is open. */
@Injectable()
export class Provisioning {
  /** Empty: there is nothing to provision. */
  readonly plan: readonly string[];
  readonly steps: readonly TenantStep[];

  constructor(
    private readonly database: Database,
    private readonly sealer: Sealer,
    servers: TenantServers,
  ) {
    const made = servers.all.flatMap((server) =>
      server.steps.map((step, place) => this.stepOf(server, step, place === 0)),
    );
    const open: TenantStep = {
      kind: OPEN,
      title: 'Open the tenant',
      run: (task) => this.open(task),
    };
    this.plan = made.length === 0 ? [] : [...made.map(({ kind }) => kind), OPEN];
    this.steps = [...made, open];
  }

  private stepOf(server: TenantServer, step: TenantServerStep, isFirst: boolean): TenantStep {
    const { kind, title } = step;
    return {
      kind,
      title,
      run: async (task) => {
        await step.run(task, await this.verifierFor(server, task));
        return DONE;
      },
      undo: async (task) => {
        if (!(await step.undo(task))) return MORE;
        // A new attempt begins with a new password.
        const key = { tenantId: task.tenantId, kind: server.kind };
        if (isFirst) await this.database.system((tx) => deleteResource(tx, key));
        return DONE;
      },
    };
  }

  /** Kept before it is used: whoever repeats the step sets the same password. */
  private verifierFor(server: TenantServer, { tenantId, slug }: TenantTask): Promise<string> {
    const { kind } = server;
    const password = newPassword();
    const made = {
      name: server.usernameOf(slug),
      verifier: server.verifierOf(password),
      sealed: this.sealer.seal(password, secretContext(tenantId, kind)),
    };
    return this.database.system(async (tx) => {
      await insertResource(tx, { tenantId, kind }, made);
      const kept = await resourceOf(tx, { tenantId, kind });
      assert(kept, 'a resource that was inserted or in the way is there');
      return kept.verifier;
    });
  }

  private async open({ tenantId, steps }: TenantTask): Promise<StepEnd> {
    const ctx = Context.system(tenantId, 'provisioning');
    const made = steps.filter((step) => step !== OPEN);
    await this.database.transaction(ctx, (open) => openProvisioned(open, made));
    return DONE;
  }
}
