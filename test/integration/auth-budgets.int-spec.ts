import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PrivateDigest } from '../../src/tenancy/auth/private-digest.js';
import { SignInThrottle } from '../../src/tenancy/auth/sign-in-throttle.js';
import { testDatabaseServer, withClient } from '../support/database.js';
import { type IdentityApp, identityApp, passwordOf } from '../support/identity-app.js';

let rig: IdentityApp;
let databaseName: string;

beforeAll(async () => {
  rig = await identityApp();
  const [row] = await rig.db.system((tx) =>
    tx.query<{ name: string }>('select current_database() as name'),
  );
  databaseName = row!.name;
  await rig.tenant('acme');
}, 60_000);

afterAll(() => rig.close());

beforeEach(() => rig.db.system((tx) => tx.execute('delete from login_throttles')));

function signIn(username: string, address: string, password = passwordOf(username), headers = {}) {
  const body = { username, password };
  return rig.send('authentication/login', { method: 'POST', address, body, headers });
}

async function statuses(attempts: readonly (() => Promise<{ status: number }>)[]) {
  const seen: number[] = [];
  for (const attempt of attempts) seen.push((await attempt()).status);
  return seen;
}

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

/** Failures without the hashing: so many hundreds would take minutes. */
async function fail(count: number, place: (index: number) => { account: string; address: string }) {
  const throttle = rig.app.get(SignInThrottle);
  for (let index = 0; index < count; index += 1) {
    await throttle.failed({ ...place(index), isKnown: false });
  }
}

/** Fifty guesses from ten networks. */
const attack = (account: string, count = 50) =>
  fail(count, (index) => ({ account, address: `198.18.${index % 10}.7` }));

function auditOf(action: string) {
  const { superuser } = testDatabaseServer();
  return withClient({ ...superuser, database: databaseName }, async (client) => {
    const { rows } = await client.query<{ slug: string; subject: string }>(
      `select t.slug, a.subject_id as subject from audit_entries a
       join tenants t on t.id = a.tenant_id where a.action = $1 order by a.at`,
      [action],
    );
    return rows;
  });
}

describe('an account that many networks guess at', () => {
  it('lets its owner in from networks it has never seen, each at the first attempt', async () => {
    await rig.user('ada', { acme: ['Viewer'] });
    for (let round = 0; round < 8; round += 1) {
      await Promise.all(times(10, (network) => signIn('ada', `198.18.${network}.7`, 'a guess')));
      rig.clock.advance(150_000 / 8);
    }
    const fresh = times(30, (index) => () => signIn('ada', `203.0.${index}.1`));
    expect(await statuses(fresh)).toEqual(times(30, () => 200));
  });

  it('gives a network it has never seen one guess and then a minute, then four', async () => {
    await rig.user('bob', { acme: ['Viewer'] });
    await attack('bob');
    const guess = () => signIn('bob', '203.0.113.1', 'a guess');
    for (const waitS of [60, 240]) {
      expect((await guess()).status).toBe(401);
      const refused = await guess();
      expect([refused.status, refused.headers['retry-after']]).toEqual([429, String(waitS)]);
      expect(refused.body).toMatchObject({
        code: 'login-throttled',
        details: { retryAfterSeconds: waitS, per: 'account' },
      });
      rig.clock.advance(waitS * 1000);
    }
    // The whole network shares them.
    expect((await signIn('bob', '203.0.113.200', 'a guess')).status).toBe(401);
    expect((await signIn('bob', '203.0.113.201', 'a guess')).status).toBe(429);
  });

  it('leaves the networks it knows alone, also to mistype', async () => {
    await rig.user('cleo', { acme: ['Viewer'] });
    expect((await signIn('cleo', '192.0.2.1')).status).toBe(200);
    await attack('cleo');
    const mistakes = times(5, () => () => signIn('cleo', '192.0.2.1', 'a mistake'));
    expect(await statuses(mistakes)).toEqual([401, 401, 401, 401, 401]);
    expect((await signIn('cleo', '192.0.2.1')).status).toBe(200);
  });

  it('behaves like a name that nobody bears', async () => {
    await rig.user('dora', { acme: ['Viewer'] });
    const seen = [];
    for (const name of ['dora', 'no-dora']) {
      await attack(name);
      const answers = [];
      for (let round = 0; round < 3; round += 1) {
        const { status, body, headers } = await signIn(name, '203.0.113.1', 'a guess');
        const { id: _id, ...problem } = body;
        answers.push({ status, problem, after: headers['retry-after'] });
      }
      seen.push(answers);
    }
    expect(seen[0]!.map(({ status }) => status)).toEqual([401, 429, 429]);
    expect(seen[1]).toEqual(seen[0]);
  });

  it('is told to the audit log once an hour, and its failures are not counted out there', async () => {
    await rig.user('emil', { acme: ['Viewer'] });
    const before = (await auditOf('login-failed')).length;
    await attack('emil', 48);
    for (const index of [1, 2, 3, 4, 5]) await signIn('emil', `198.19.${index}.7`, 'a guess');
    const attacked = (await auditOf('account-attacked')).filter((one) => one.subject === 'emil');
    expect(attacked).toEqual([{ slug: 'acme', subject: 'emil' }]);
    expect((await auditOf('login-failed')).length - before).toBe(1);
    rig.clock.advance(3_600_001);
    await Promise.all(times(4, (index) => signIn('emil', `198.19.${100 + index}.7`, 'a guess')));
    const again = (await auditOf('account-attacked')).filter((one) => one.subject === 'emil');
    expect(again).toHaveLength(2);
  });
});

describe('guesses at the same moment', () => {
  it('at one account from one address wait for each other, and no more pass than one by one', async () => {
    await rig.user('finn', { acme: ['Viewer'] });
    const answers = await Promise.all(times(40, () => signIn('finn', '203.0.113.1', 'a guess')));
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(6);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(34);
  });
});

describe('one address that tries many names', () => {
  let sprayed = 0;
  const spend = (count: number, address: (index: number) => string) =>
    fail(count, (index) => ({ account: `name-${(sprayed += 1)}`, address: address(index) }));
  const spray = (count: number, address: (index: number) => string) =>
    Promise.all(
      times(count, (index) => signIn(`name-${(sprayed += 1)}`, address(index), 'Winter2026!')),
    );
  const passedOf = (answers: { status: number }[]) =>
    answers.filter(({ status }) => status === 401).length;

  it('is stopped after a hundred, and only it', async () => {
    await spend(95, () => '203.0.113.9');
    const answers = await spray(40, () => '203.0.113.9');
    // Six are under way at once, so a few more may pass.
    expect(passedOf(answers)).toBeGreaterThanOrEqual(5);
    expect(passedOf(answers)).toBeLessThanOrEqual(10);
    const { status, headers, body } = answers.at(-1)!;
    expect([status, headers['retry-after']]).toEqual([429, '60']);
    expect(body).toMatchObject({
      code: 'login-throttled',
      details: { retryAfterSeconds: 60, per: 'address' },
    });
    expect((await signIn('nobody', '203.0.113.10', 'x')).status).toBe(401);
    const told = (await auditOf('address-throttled')).filter(
      (one) => one.subject === '203.0.113.9',
    );
    expect(told).toHaveLength(1);
  });

  it('is not another one because a header says so', async () => {
    await spend(100, () => '203.0.113.11');
    const headers = { 'x-forwarded-for': '192.0.2.99', forwarded: 'for=192.0.2.99' };
    expect((await signIn('somebody', '203.0.113.11', 'x', headers)).status).toBe(429);
  });

  it('cannot tell which names sign in there, and they do', async () => {
    await rig.user('gina', { acme: ['Viewer'] });
    const address = '203.0.113.12';
    await signIn('gina', address);
    await spend(100, () => address);
    const wrong = await signIn('gina', address, 'a guess');
    const unknown = await signIn('no-gina', address, 'a guess');
    const { id: _a, ...one } = wrong.body;
    const { id: _b, ...other } = unknown.body;
    expect([wrong.status, one]).toEqual([429, other]);
    expect(Object.keys(wrong.headers).sort()).toEqual(Object.keys(unknown.headers).sort());
    expect((await signIn('gina', address)).status).toBe(200);
  });

  it('has no budget more for each address of its network', async () => {
    const address = (index: number) => `2001:db8:7:${index.toString(16)}::1`;
    await spend(395, address);
    const answers = await spray(20, (index) => address(1000 + index));
    expect(passedOf(answers)).toBeGreaterThanOrEqual(5);
    expect(passedOf(answers)).toBeLessThanOrEqual(10);
    expect(answers.at(-1)).toMatchObject({ status: 429, headers: { 'retry-after': '15' } });
  });
});

describe('the budgets', () => {
  it('are those of the client behind a trusted proxy', async () => {
    const behind = await identityApp({ environment: { TIDEGATE_TRUSTED_PROXIES: '10.0.0.0/8' } });
    try {
      await behind.tenant('acme');
      await behind.user('hal', { acme: ['Viewer'] });
      const from = (client: string, password: string) =>
        behind.send('authentication/login', {
          method: 'POST',
          address: '10.1.2.3',
          body: { username: 'hal', password },
          headers: { 'x-forwarded-for': client },
        });
      const guesses = times(7, (index) => () => from(`192.0.2.${index}, 203.0.113.5`, 'a guess'));
      expect((await statuses(guesses)).at(-1)).toBe(429);
      expect((await from('203.0.113.5', passwordOf('hal'))).status).toBe(429);
      expect((await from('198.51.100.5', passwordOf('hal'))).status).toBe(200);
    } finally {
      await behind.close();
    }
  }, 60_000);

  it('outlive the process', async () => {
    const place = { account: 'ivo', address: '203.0.113.1', isKnown: false };
    for (let failures = 0; failures < 6; failures += 1) await signIn('ivo', place.address, 'x');
    const next = new SignInThrottle(rig.db, rig.app.get(PrivateDigest), rig.clock);
    expect((await next.waits(place)).accountMs).toBe(1000);
  });

  it('have an end, and what has failed once makes room first', async () => {
    await fail(60, (index) => ({ account: `once-${index}`, address: `203.1.${index}.1` }));
    await fail(6, () => ({ account: 'often', address: '203.2.0.1' }));
    await rig.app.get(SignInThrottle).evict(4);
    const [left] = await rig.db.system((tx) =>
      tx.query<{ rows: number; least: number }>(
        'select count(*) as rows, min(failures) as least from login_throttles',
      ),
    );
    expect(left).toEqual({ rows: 4, least: 6 });
  });
});

describe('known networks', () => {
  const networksOf = async (username: string): Promise<Record<string, number>> => {
    const [row] = await rig.db.system((tx) =>
      tx.query<{ networks: Record<string, number> }>(
        'select known_networks as networks from users where username = $1',
        [username],
      ),
    );
    return row!.networks;
  };

  it('are the last twenty, without an address among them', async () => {
    await rig.user('jo', { acme: ['Viewer'] });
    for (let index = 0; index < 25; index += 1) {
      await signIn('jo', `192.0.2.${index}`);
      rig.clock.advance(1000);
    }
    const networks = await networksOf('jo');
    expect(Object.keys(networks)).toHaveLength(20);
    expect(JSON.stringify(networks)).not.toContain('192.0.2');
    expect(Math.max(...Object.values(networks))).toBe(rig.clock.now() - 1000);
  });

  it('are forgotten after ninety days', async () => {
    await rig.user('kim', { acme: ['Viewer'] });
    await signIn('kim', '192.0.2.1');
    rig.clock.advance(91 * 24 * 3_600_000);
    await attack('kim');
    expect((await signIn('kim', '192.0.2.1', 'a mistake')).status).toBe(401);
    expect((await signIn('kim', '192.0.2.1')).status).toBe(429);
    await signIn('kim', '192.0.3.1');
    expect(Object.keys(await networksOf('kim'))).toHaveLength(1);
  });

  it('are also those of a device that has renewed its tokens there', async () => {
    await rig.user('lea', { acme: ['Viewer'] });
    const { refreshToken } = (await signIn('lea', '192.0.2.1')).body;
    const renew = { method: 'POST', address: '192.0.9.1', body: { refreshToken } } as const;
    expect((await rig.send('authentication/refresh', renew)).status).toBe(200);
    await attack('lea');
    expect((await signIn('lea', '192.0.9.1', 'a mistake')).status).toBe(401);
    expect((await signIn('lea', '192.0.9.1')).status).toBe(200);
  });
});
