import type { Config } from '../../platform/config/config.js';
import type { Database } from '../../platform/database/database.js';
import { PostgresTenantServer, SYSTEM_IDENTIFIER } from './postgres-server.js';
import { RedisTenantServer } from './redis-server.js';
import type { TenantServer, TenantServerKind } from './tenant-server.js';

/**
 * The servers that the operator has set. Without any a tenant has nothing of its own outside. What comes
 * with other drivers (a prefix of an object store, a namespace of Kubernetes) is one more of them.
 */
export class TenantServers {
  constructor(readonly all: readonly TenantServer[]) {}

  static of(config: Config, database: Database): TenantServers {
    const { databaseUrl, redisUrl } = config.tenants;
    const platformId = async () => {
      const rows = await database.eachRole<{ id: string }>(SYSTEM_IDENTIFIER);
      return rows[0]?.id ?? '';
    };
    const all: TenantServer[] = [];
    if (databaseUrl !== null) all.push(new PostgresTenantServer(databaseUrl, platformId));
    if (redisUrl !== null) all.push(new RedisTenantServer(redisUrl, config.redis.url));
    return new TenantServers(all);
  }

  of(kind: TenantServerKind): TenantServer | undefined {
    return this.all.find((server) => server.kind === kind);
  }
}
