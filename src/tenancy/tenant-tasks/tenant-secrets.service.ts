import { Injectable } from '@nestjs/common';
import type { TenantServer, TenantServerKind } from '../../drivers/tenant-servers/tenant-server.js';
import { TenantServers } from '../../drivers/tenant-servers/tenant-servers.js';
import { TerminalError } from '../../kernel/errors.js';
import type { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { tenantDeleting, tenantNotReady } from '../../platform/http/http.errors.js';
import { Sealer } from '../../platform/sealing/sealer.js';
import { inTenant } from '../tenants/of-platform.js';
import type { TenantSecret, TenantView } from '../tenants/tenants.dto.js';
import {
  tenantResourceNotFound,
  tenantSecretShown,
  tenantServerUnavailable,
} from '../tenants/tenants.errors.js';
import { tenantSecretTaken } from '../tenants/tenants.events.js';
import { TenantsService } from '../tenants/tenants.service.js';
import { newPassword, secretContext } from './provisioning.js';
import { noteRotation, resourceOf, takeSecret } from './tenant-resources.store.js';

/** What a tenant's applications sign in with on other servers: shown once, and made anew at any time. */
@Injectable()
export class TenantSecretsService {
  constructor(
    private readonly database: Database,
    private readonly sealer: Sealer,
    private readonly servers: TenantServers,
    private readonly tenants: TenantsService,
  ) {}

  /** Throws `tenant-unknown`, `tenant-resource-not-found`, `tenant-secret-shown`, … */
  async show(ctx: Context, id: string, kind: TenantServerKind): Promise<TenantSecret> {
    const { tenant, server } = await this.place(id, kind);
    const key = { tenantId: id, kind };
    const kept = await this.database.system((tx) => resourceOf(tx, key));
    if (!kept) throw tenantResourceNotFound();
    if (kept.sealed === null) throw tenantSecretShown();
    await this.record(ctx, id, kind, false);
    const sealed = await this.database.system((tx) => takeSecret(tx, key));
    if (sealed === undefined) throw tenantSecretShown();
    const password = this.sealer.unseal(sealed, secretContext(id, kind)).toString('utf8');
    return secretOf(server, tenant, password);
  }

  /** The former password is good no more; connections that are open stay. Throws as `show`. */
  async rotate(ctx: Context, id: string, kind: TenantServerKind): Promise<TenantSecret> {
    const { tenant, server } = await this.place(id, kind);
    const key = { tenantId: id, kind };
    if (!(await this.database.system((tx) => resourceOf(tx, key)))) throw tenantResourceNotFound();
    await this.record(ctx, id, kind, true);
    const password = newPassword();
    const verifier = server.verifierOf(password);
    try {
      await server.setPassword({ tenantId: id, slug: tenant.slug }, verifier);
    } catch (error) {
      if (error instanceof TerminalError) throw tenantResourceNotFound();
      throw tenantServerUnavailable(kind, error);
    }
    // A process that dies here has shown nothing to anybody: whoever asks rotates once more.
    await this.database.system((tx) => noteRotation(tx, key, verifier));
    return secretOf(server, tenant, password);
  }

  private async place(id: string, kind: TenantServerKind) {
    const tenant = await this.tenants.get(id);
    if (tenant.status === 'provisioning') throw tenantNotReady();
    if (tenant.status === 'deleting' || tenant.status === 'deleted') throw tenantDeleting();
    const server = this.servers.of(kind);
    if (!server) throw tenantResourceNotFound();
    return { tenant, server };
  }

  /** Before anything is shown. */
  private async record(
    ctx: Context,
    id: string,
    kind: TenantServerKind,
    isNew: boolean,
  ): Promise<void> {
    await this.database.transaction(inTenant(ctx, id), (open) =>
      open.record(tenantSecretTaken(id, { kind, isNew })),
    );
  }
}

function secretOf(server: TenantServer, { slug }: TenantView, password: string): TenantSecret {
  const { kind, place } = server;
  const { host, port, database } = place;
  const [username, namespace] = [server.usernameOf(slug), server.namespaceOf(slug)];
  return { kind, host, port, database, username, password, namespace };
}
