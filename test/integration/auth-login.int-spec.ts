import { hash } from '@node-rs/argon2';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Seed } from '../../src/tenancy/seed.js';
import { PLATFORM_TENANT } from '../../src/tenancy/tenants/platform-tenant.js';
import { withClient } from '../support/database.js';
import { testDatabaseServer } from '../support/database.js';
import { type IdentityApp, identityApp, passwordOf } from '../support/identity-app.js';

let rig: IdentityApp;
let databaseName: string;

beforeAll(async () => {
  rig = await identityApp({
    environment: {
      TIDEGATE_ADMIN_PASSWORD: 'the first admin 1234',
      TIDEGATE_PUBLIC_URL: 'https://tidegate.test',
    },
  });
  const [row] = await rig.db.system((tx) =>
    tx.query<{ name: string }>('select current_database() as name'),
  );
  databaseName = row!.name;
  await rig.tenant('acme');
  await rig.tenant('globex');
  await rig.user('ada', { acme: ['Deployer'] });
  await rig.user('both', { acme: ['Viewer'], globex: ['Admin'] });
}, 60_000);

afterAll(() => rig.close());

/** What the client sees of a refusal, without what names the one request. */
function visible({ status, headers, body }: Awaited<ReturnType<IdentityApp['login']>>) {
  const { id: _id, ...problem } = body;
  return { status, problem, names: Object.keys(headers).sort(), length: headers['content-length'] };
}

function auditOf(subject: string) {
  const { superuser } = testDatabaseServer();
  return withClient({ ...superuser, database: databaseName }, async (client) => {
    const { rows } = await client.query<Record<string, string>>(
      `select t.slug, a.action, a.result, a.actor, a.body_text from audit_entries a
       join tenants t on t.id = a.tenant_id
       where a.category = 'authentication' and a.subject_id = $1 order by a.at`,
      [subject],
    );
    return rows;
  });
}

describe('login', () => {
  it('gives tokens and tells who one is', async () => {
    const { status, body } = await rig.login('ada');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      expiresIn: 900,
      user: { username: 'ada', tenant: 'acme', roles: ['Deployer'] },
    });
    expect(body.user.permissions).toContain('deployments:create');
    expect(body.user.permissions).not.toContain('environments:manage');
    const me = await rig.send('authentication/me', { token: body.accessToken });
    expect(me.body).toEqual(body.user);
  });

  it('takes names in any case, and e-mail addresses', async () => {
    await rig.db.system((tx) =>
      tx.execute(
        `update users set email = 'Ada@Example.org', email_key = 'ada@example.org'
         where username = 'ada'`,
      ),
    );
    expect((await rig.login('ADA', passwordOf('ada'))).status).toBe(200);
    expect((await rig.login('ada@EXAMPLE.org', passwordOf('ada'))).status).toBe(200);
  });

  it('answers a wrong password, an unknown name, a disabled account and a foreign tenant alike', async () => {
    await rig.user('gone', { acme: ['Viewer'] });
    await rig.db.system((tx) =>
      tx.execute(`update users set disabled_at = now() where username = 'gone'`),
    );
    const wrong = visible(await rig.login('ada', 'wrong'));
    expect(wrong.status).toBe(401);
    expect(wrong.problem.code).toBe('login-failed');
    expect(visible(await rig.login('nobody', 'wrong'))).toEqual(wrong);
    expect(visible(await rig.login('gone'))).toEqual(wrong);
    expect(visible(await rig.login('ada', passwordOf('ada'), 'globex'))).toEqual(wrong);
    expect(visible(await rig.login('ada', passwordOf('ada'), 'no-such'))).toEqual(wrong);
  });

  it('does the same hashing for a name that does not exist', async () => {
    const timed = async (name: string) => {
      const begun = performance.now();
      await rig.login(name, 'wrong');
      return performance.now() - begun;
    };
    const tries = Array.from({ length: 15 }, (_, index) => index);
    const known: number[] = [];
    const unknown: number[] = [];
    for (const index of tries) {
      await rig.user(`known-${index}`, { acme: ['Viewer'] });
      known.push(await timed(`known-${index}`));
      unknown.push(await timed(`unknown-${index}`));
    }
    const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!;
    // Without the dummy verification the unknown name is several times faster.
    const ratio = median(known) / median(unknown);
    expect(ratio).toBeGreaterThan(0.6);
    expect(ratio).toBeLessThan(1.7);
  }, 30_000);

  it.each([
    ['a password of 1025 characters', { username: 'ada', password: 'x'.repeat(1025) }],
    ['an empty password', { username: 'ada', password: '' }],
    ['U+0000', { username: 'a\u0000da', password: 'x' }],
    ['an unknown field', { username: 'ada', password: 'x', role: 'Admin' }],
    ['no object', ['ada']],
    ['nothing', undefined],
  ])('refuses %s with 400', async (_, body) => {
    const answer = await rig.send('authentication/login', { method: 'POST', body });
    expect([answer.status, answer.body.code]).toEqual([400, expect.any(String)]);
    expect(answer.body.code).not.toBe('internal-error');
  });

  it('takes a whole passphrase of a thousand characters and sees its last one', async () => {
    const long = `${'p'.repeat(1000)}!`;
    const stored = await hash(long, { memoryCost: 19_456, timeCost: 2, parallelism: 1 });
    await rig.user('wordy', { acme: ['Viewer'] });
    await rig.db.system((tx) =>
      tx.execute(`update users set password_hash = $1 where username = 'wordy'`, [stored]),
    );
    expect((await rig.login('wordy', `${'p'.repeat(1000)}?`)).status).toBe(401);
    expect((await rig.login('wordy', long)).status).toBe(200);
  });

  it('renews a hash that was made with weaker parameters', async () => {
    await rig.user('old-hash', { acme: ['Viewer'] });
    const weak = await hash(passwordOf('old-hash'), { memoryCost: 4096, timeCost: 1 });
    await rig.db.system((tx) =>
      tx.execute(`update users set password_hash = $1 where username = 'old-hash'`, [weak]),
    );
    expect((await rig.login('old-hash')).status).toBe(200);
    const [row] = await rig.db.system((tx) =>
      tx.query<{ stored: string }>(
        `select password_hash as stored from users where username = 'old-hash'`,
      ),
    );
    expect(row!.stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect((await rig.login('old-hash')).status).toBe(200);
  });
});

describe('the tenant of a login', () => {
  it('is asked for when there are several, but only after the right password', async () => {
    const answer = await rig.login('both');
    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({
      code: 'tenant-required',
      details: { tenants: ['acme', 'globex'] },
    });
    const wrong = await rig.login('both', 'wrong');
    expect(wrong.status).toBe(401);
    expect(JSON.stringify(wrong.body)).not.toContain('globex');
  });

  it('is the named one', async () => {
    const { body } = await rig.login('both', passwordOf('both'), 'globex');
    expect(body.user).toMatchObject({ tenant: 'globex', roles: ['Admin'] });
  });

  it('is that of the subdomain, which the body must not contradict', async () => {
    const at = (slug: string, tenant?: string) =>
      rig.send('authentication/login', {
        method: 'POST',
        headers: { host: `${slug}.tidegate.test` },
        body: { username: 'both', password: passwordOf('both'), ...(tenant ? { tenant } : {}) },
      });
    expect((await at('globex')).body.user).toMatchObject({ tenant: 'globex', roles: ['Admin'] });
    expect((await at('acme', 'acme')).body.user).toMatchObject({ tenant: 'acme' });
    const { status, body } = await at('acme', 'globex');
    expect([status, body.code]).toEqual([403, 'tenant-mismatch']);
    expect((await at('no-such')).body.code).toBe('login-failed');
  });

  it('is good while suspended, for reading, and not when it is deleted', async () => {
    const id = await rig.tenant('asleep');
    await rig.user('sleeper', { asleep: ['Admin'] });
    const { body } = await rig.login('sleeper');
    const become = (status: string) =>
      rig.db.system((tx) =>
        tx.execute('update tenants set status = $2 where id = $1', [id, status]),
      );
    await become('suspended');
    expect((await rig.login('sleeper')).status).toBe(200);
    rig.clock.advance(5000);
    expect((await rig.send('authentication/me', { token: body.accessToken })).status).toBe(200);
    await become('deleting');
    const refused = await rig.login('sleeper');
    expect([refused.status, refused.body.code]).toEqual([401, 'login-failed']);
    rig.clock.advance(5000);
    expect((await rig.send('authentication/me', { token: body.accessToken })).status).toBe(401);
  });
});

describe('failed logins', () => {
  it('have to wait longer and longer, known and unknown names alike', async () => {
    await rig.user('target', { acme: ['Viewer'] });
    for (const name of ['target', 'no-target']) {
      const from = { method: 'POST', address: '192.0.2.7' } as const;
      const attempt = (password: string) =>
        rig.send('authentication/login', { ...from, body: { username: name, password } });
      for (let tries = 0; tries < 6; tries += 1) {
        expect((await attempt('wrong')).status).toBe(401);
      }
      const throttled = await attempt(passwordOf(name));
      expect([throttled.status, throttled.body.code]).toEqual([429, 'login-throttled']);
      expect(throttled.headers['retry-after']).toBe('1');
      rig.clock.advance(1000);
      expect((await attempt('wrong')).status).toBe(401);
      expect((await attempt('wrong')).headers['retry-after']).toBe('2');
    }
    // Somebody else's guessing does not lock the owner out.
    expect((await rig.login('target')).status).toBe(200);
  });
});

describe('the audit log', () => {
  it('has each login, and not the name that nobody bears', async () => {
    await rig.user('watched', { acme: ['Viewer'] });
    await rig.login('watched', 'a wrong one');
    await rig.login('watched');
    await rig.login('hunter2-typed-as-a-name', 'x');
    const entries = await auditOf('watched');
    expect(entries.map(({ slug, action, result }) => [slug, action, result])).toEqual([
      ['acme', 'login-failed', 'denied'],
      ['acme', 'logged-in', 'allowed'],
    ]);
    expect(JSON.stringify(entries)).not.toContain('a wrong one');
    expect(await auditOf('hunter2-typed-as-a-name')).toEqual([]);
    const unknown = await auditOf('unknown');
    expect(unknown.at(-1)).toMatchObject({ slug: PLATFORM_TENANT.slug, actor: 'anonymous' });
    expect(JSON.stringify(unknown)).not.toContain('hunter2');
  });
});

describe('the seed', () => {
  it('made the first admin, once, also when two processes start at the same moment', async () => {
    const { body } = await rig.login('admin', 'the first admin 1234');
    expect(body.user).toMatchObject({ tenant: 'default', roles: ['Admin', 'PlatformAdmin'] });
    const again = await Promise.all([rig.seed.run(), rig.app.get(Seed).run()]);
    expect(again.map(({ generated }) => generated)).toEqual([null, null]);
    expect((await rig.login('admin', 'the first admin 1234')).status).toBe(200);
  });
});

describe('an empty database', () => {
  it('gets one generated password from two processes at once, told by one of them', async () => {
    const empty = await identityApp({ isSeeded: false });
    try {
      const results = await Promise.all([empty.seed.run(), empty.seed.run(), empty.seed.run()]);
      const told = results.flatMap(({ generated }) => (generated ? [generated] : []));
      expect(told).toHaveLength(1);
      const { status } = await empty.login('admin', told[0]!.password);
      expect(status).toBe(200);
      const demo = await empty.send('authentication/demo-credentials');
      expect([demo.status, demo.body.code]).toEqual([404, 'not-a-demo']);
    } finally {
      await empty.close();
    }
  }, 30_000);

  it('gets the well-known users in demo mode', async () => {
    const demo = await identityApp({ environment: { TIDEGATE_DEMO: 'true' } });
    try {
      const { body } = await demo.send('authentication/demo-credentials');
      expect(body.items).toHaveLength(3);
      for (const { username, password, role } of body.items) {
        const answer = await demo.login(username, password);
        expect(answer.body.user.roles).toContain(role);
      }
    } finally {
      await demo.close();
    }
  }, 30_000);
});
