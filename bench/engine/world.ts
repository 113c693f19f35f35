/** Who deploys what to where in a bench: tenants, clusters, silent nodes, one real release each. */
import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fleetOf, type Fleet } from './fleet-rows.js';
import { seedFleet } from '../../src/fleet/fleet.store.js';
import { systemClock } from '../../src/kernel/clock.js';
import { newId } from '../../src/kernel/ids.js';
import { Config } from '../../src/platform/config/config.js';
import { Context } from '../../src/platform/context.js';
import { AccessTokens } from '../../src/tenancy/auth/access-tokens.js';
import { passwordSignIn } from '../../src/tenancy/auth/refresh-token.js';
import { Sessions } from '../../src/tenancy/auth/sessions.js';
import { tokenKeyOf } from '../../src/tenancy/token-keys/token-key.js';
import { grantRole } from '../../src/tenancy/users/users.store.js';
import { releaseForm, someArtifact } from '../../test/support/release-form.js';
import type { Rig } from './rig.js';

export interface WorldOptions {
  readonly tenants: number;
  readonly clusters: number;
  readonly nodes: number;
  readonly modules: number;
  /** The environment's defaults. */
  readonly strategy: object;
  readonly gate: object;
}

/** Tokens last a quarter of an hour; a soak lasts longer. */
const TOKEN_MS = 10 * 60_000;
const ASK_AGAIN_MS = 200;

export class BenchTenant {
  /** How often the API was too busy to answer. */
  turnedAway = 0;
  private token = '';
  private tokenAt = 0;

  constructor(
    private readonly rig: Rig,
    private readonly tokens: AccessTokens,
    private readonly user: { id: string; sessionId: string; username: string },
    readonly id: string,
    readonly fleet: Fleet,
  ) {}

  /** Throws for anything but 200. */
  async get(path: string): Promise<unknown> {
    const response = await fetch(`${this.rig.api!.url}/api/v1${path}`, {
      headers: { authorization: `Bearer ${await this.bearer()}` },
    });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${response.status}: ${text}`);
    return JSON.parse(text) as unknown;
  }

  async post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.rig.api!.url}/api/v1${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await this.bearer()}`,
        ...(body instanceof FormData ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body instanceof FormData ? body : JSON.stringify(body),
    });
  }

  /** The new deployment's id. What is refused for now is asked again, as a pipeline would. */
  async deploy(moduleName: string, cluster: string, change: object = {}): Promise<string> {
    const key = newId();
    for (;;) {
      const response = await this.post(
        '/deployments',
        { moduleName, cluster, version: '1.0.0', targetEnvironment: 'QA', ...change },
        { 'idempotency-key': key },
      );
      const answer = (await response.json()) as { id: string };
      if (response.status === 202) return answer.id;
      if (response.status !== 503) throw new Error(`refused: ${JSON.stringify(answer)}`);
      this.turnedAway += 1;
      await delay(ASK_AGAIN_MS);
    }
  }

  /** The same tenant as another Admin of it sees it: who asks for a deployment does not approve it. */
  async secondAdmin(): Promise<BenchTenant> {
    const id = newId();
    const username = `second-${id}`;
    await this.rig.sql(
      `insert into users (id, username, username_key, password_hash) values ($1, $2, $2, '-')`,
      [id, username],
    );
    const { database } = this.rig;
    await database.system((tx) => grantRole(tx, { tenantId: this.id, userId: id, role: 'Admin' }));
    const sessions = new Sessions(database, systemClock);
    const { sessionId } = await database.transaction(Context.system(this.id, 'bench'), (open) =>
      sessions.open(open, id, passwordSignIn(Date.now())),
    );
    return new BenchTenant(this.rig, this.tokens, { id, sessionId, username }, this.id, this.fleet);
  }

  private async bearer(): Promise<string> {
    if (Date.now() - this.tokenAt > TOKEN_MS) {
      const { id: userId, sessionId, username } = this.user;
      const subject = { userId, sessionId, username, tenantId: this.id };
      this.token = await this.tokens.issue({ ...subject, tenantSlug: 'bench' });
      this.tokenAt = Date.now();
    }
    return this.token;
  }
}

/** Nodes report nothing and are never lost; what they are told is done by `ScriptedFleet`. */
export async function makeWorld(rig: Rig, options: WorldOptions): Promise<BenchTenant[]> {
  // The first version is the key of the file, and no bench takes as long as a version lives.
  const key = tokenKeyOf(createPrivateKey(await readFile(rig.signingKeyFile, 'utf8')));
  const tokens = new AccessTokens(
    { signing: async () => key },
    systemClock,
    Config.read(rig.variables()),
  );
  const sessions = new Sessions(rig.database, systemClock);
  const userId = newId();
  await rig.sql(
    `insert into users (id, username, username_key, password_hash) values ($1, 'bench', 'bench', '-')`,
    [userId],
  );
  const tenants: BenchTenant[] = [];
  for (let at = 0; at < options.tenants; at += 1) {
    const id = newId();
    await rig.sql(`insert into tenants (id, slug, name) values ($1, $2, $2)`, [id, `bench-${at}`]);
    await rig.database.system((tx) => grantRole(tx, { tenantId: id, userId, role: 'Admin' }));
    const context = Context.system(id, 'bench');
    const { sessionId } = await rig.database.transaction(context, async (open) => {
      await seedFleet(open);
      return sessions.open(open, userId, passwordSignIn(Date.now()));
    });
    const fleet = await fleetOf(rig, id, options);
    tenants.push(
      new BenchTenant(rig, tokens, { id: userId, sessionId, username: 'bench' }, id, fleet),
    );
  }
  if (rig.api) for (const tenant of tenants) await pushReleases(rig, tenant, options.modules);
  return tenants;
}

export const moduleName = (at: number) => `module-${at}`;

/** The first is pushed; the others are copies of its row, so that all have bytes to check. */
async function pushReleases(rig: Rig, tenant: BenchTenant, modules: number): Promise<void> {
  const { bytes } = await someArtifact();
  const form = releaseForm({ version: '1.0.0', artifact: bytes });
  const response = await tenant.post(`/modules/${moduleName(0)}/releases`, form);
  if (response.status !== 201) throw new Error(`push: ${await response.text()}`);
  await rig.sql(
    `with made as (
       insert into modules (tenant_id, id, name)
       select $1, gen_random_uuid(), 'module-' || i from generate_series(1, $2::int - 1) as i
       returning id)
     insert into releases (tenant_id, id, module_id, version, release_digest, artifact_digest,
       manifest_text, created_by)
     select $1, gen_random_uuid(), made.id, r.version, r.release_digest, r.artifact_digest,
       r.manifest_text, r.created_by
     from made, releases r where r.tenant_id = $1`,
    [tenant.id, modules],
  );
}
