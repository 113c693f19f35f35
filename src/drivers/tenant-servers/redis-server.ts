import { createHash } from 'node:crypto';
import { Redis } from 'ioredis';
import { messageOf, TerminalError } from '../../kernel/errors.js';
import {
  TakenThere,
  type TenantOwner,
  type TenantServer,
  type TenantServerStep,
  unlessTaken,
} from './tenant-server.js';

const CONNECT_MS = 5_000;
const COMMAND_MS = 10_000;
const KEYS_PER_SCAN = 1_000;
/** Of one call: the next one goes on. */
const SCANS = 200;

/**
 * What applications of tenants need, and nothing that shows or touches what is not under their own
 * prefix: no listing of keys or channels, no other database (the prefix would hold there, and a purge
 * would not find it), no library of functions, which all users share.
 */
const COMMANDS = [
  '-@all',
  '+@read',
  '+@write',
  '+@connection',
  '+@transaction',
  '+@pubsub',
  '+@scripting',
  '-@admin',
  '-@dangerous',
  '-scan',
  '-keys',
  '-randomkey',
  '-dbsize',
  '-pubsub',
  '-select',
  '-move',
  '-copy',
  '-function',
  '-script',
  '+script|load',
  '+script|exists',
];

/** A user for each tenant, who sees keys and channels that begin with `tenant:<slug>:`. */
export class RedisTenantServer implements TenantServer {
  readonly kind = 'redis';
  readonly place: TenantServer['place'];
  readonly steps: readonly TenantServerStep[] = [
    {
      kind: 'redis-user',
      title: 'Make the Redis user',
      run: (owner, verifier) => this.work((redis) => this.makeUser(redis, owner, verifier)),
      undo: (owner) => unlessTaken(() => this.work((redis) => this.removeUser(redis, owner))),
    },
  ];

  private isApart = false;

  /** `platformUrl`: of the platform's own Redis; null: it has none. */
  constructor(
    private readonly url: string,
    private readonly platformUrl: string | null,
  ) {
    const { hostname, port, pathname } = new URL(url);
    this.place = {
      host: hostname,
      port: Number(port || 6379),
      database: pathname.slice(1) || '0',
    };
  }

  verifierOf(password: string): string {
    return createHash('sha256').update(password).digest('hex');
  }

  usernameOf(slug: string): string {
    return `tenant_${slug}`;
  }

  namespaceOf(slug: string): string {
    return `tenant:${slug}:`;
  }

  setPassword(owner: TenantOwner, verifier: string): Promise<void> {
    return this.work(async (redis) => {
      if (!(await this.isThere(redis, owner))) {
        throw new TerminalError('tenant-user-missing', MISSING);
      }
      const name = this.usernameOf(owner.slug);
      await redis.call('ACL', 'SETUSER', name, 'resetpass', `#${verifier}`);
      await save(redis);
    });
  }

  private async makeUser(redis: Redis, owner: TenantOwner, verifier: string): Promise<void> {
    await this.isThere(redis, owner);
    const namespace = this.namespaceOf(owner.slug);
    const rules = ['reset', 'on', `#${verifier}`, `~${namespace}*`, 'resetchannels'];
    const name = this.usernameOf(owner.slug);
    await redis.call('ACL', 'SETUSER', name, ...rules, `&${namespace}*`, ...COMMANDS);
    await save(redis);
  }

  private async removeUser(redis: Redis, owner: TenantOwner): Promise<boolean> {
    if (await this.isThere(redis, owner)) {
      // Its connections are cut with it.
      await redis.call('ACL', 'DELUSER', this.usernameOf(owner.slug));
    }
    await save(redis);
    let cursor = '0';
    for (let scans = 0; scans < SCANS; scans += 1) {
      const match = ['MATCH', `${this.namespaceOf(owner.slug)}*`] as const;
      const [next, keys] = await redis.scan(cursor, ...match, 'COUNT', KEYS_PER_SCAN);
      if (keys.length > 0) await redis.unlink(...keys);
      if (next === '0') return true;
      cursor = next;
    }
    return false;
  }

  /** Throws TerminalError when there is one of that name with other keys. */
  private async isThere(redis: Redis, { slug }: TenantOwner): Promise<boolean> {
    const name = this.usernameOf(slug);
    const found = (await redis.call('ACL', 'GETUSER', name)) as unknown[] | null;
    if (found === null) return false;
    const at = found.indexOf('keys');
    const keys = at < 0 ? '' : String(found[at + 1]);
    if (keys === '' || keys === `~${this.namespaceOf(slug)}*`) return true;
    throw new TakenThere(
      'tenant-user-taken',
      `There is a user "${name}" on the tenants' Redis server that is not this tenant's. Rename it.`,
    );
  }

  private async work<T>(use: (redis: Redis) => Promise<T>): Promise<T> {
    return connected(this.url, async (redis) => {
      await this.refuseOwn(redis);
      return use(redis);
    });
  }

  private async refuseOwn(redis: Redis): Promise<void> {
    const { platformUrl } = this;
    if (this.isApart || platformUrl === null) return;
    const own = await connected(platformUrl, runIdOf);
    if ((await runIdOf(redis)) === own) {
      throw new TerminalError(
        'tenant-server-is-platform',
        'TENANT_REDIS_URL is the platform’s own Redis server. Give tenants another server, not only another database.',
      );
    }
    this.isApart = true;
  }
}

const MISSING = 'The Redis user of the tenant is not there: provision the tenant first.';

/** A user that only lives in memory would be gone with the next restart of Redis. */
async function save(redis: Redis): Promise<void> {
  try {
    await redis.call('ACL', 'SAVE');
  } catch (error) {
    if (!/ACL file/i.test(messageOf(error))) throw error;
    throw new TerminalError(
      'tenant-redis-forgets',
      'The tenants’ Redis server keeps its users in memory only. Set "aclfile" in its configuration and restart it.',
    );
  }
}

async function runIdOf(redis: Redis): Promise<string> {
  return /run_id:(\w+)/.exec(await redis.info('server'))?.[1] ?? '';
}

async function connected<T>(url: string, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    commandTimeout: COMMAND_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    connectionName: 'tidegate-tenants',
  });
  // Told by the call that is under way.
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}
