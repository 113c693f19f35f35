import { setTimeout as delay } from 'node:timers/promises';
import { armFailpoints } from '../../src/kernel/failpoint.js';
import { newId } from '../../src/kernel/ids.js';
import { Context, OpenContext } from '../../src/platform/context.js';
import { Database } from '../../src/platform/database/database.js';
import type { Transaction } from '../../src/platform/database/transaction.js';
import { together } from '../../src/platform/database/together.js';
import { freshDatabase, withClient, type TestDatabase } from '../support/database.js';
import { quietEvents } from '../support/quiet-events.js';

let server: TestDatabase;
let db: Database;
let warnings: { fields: Record<string, unknown>; message: string }[];
const tenant = newId();
const ctx = () => Context.system(tenant, 'test');

beforeAll(async () => {
  server = await freshDatabase();
  warnings = [];
  const log = {
    warn: (fields: object, message: string) =>
      void warnings.push({ fields: fields as Record<string, unknown>, message }),
    error: () => undefined,
  };
  const { app, system } = server;
  db = await Database.open({
    app,
    system,
    poolSize: 3,
    systemPoolSize: 2,
    log,
    recorder: quietEvents(),
  });
  await db.system((tx) =>
    tx.execute("insert into tenants (id, slug, name) values ($1, 'acme', 'Acme')", [tenant]),
  );
});

afterAll(async () => {
  await db?.close();
  await server?.drop();
});

const modules = () =>
  db.transaction(ctx(), (open) =>
    open.tx.query<{ name: string }>('select name from modules order by name'),
  );

const addModule = (open: OpenContext, name: string) =>
  open.tx.execute('insert into modules (tenant_id, id, name) values ($1, $2, $3)', [
    tenant,
    newId(),
    name,
  ]);

it('keeps nothing of a transaction that throws, and tells no hint of it', async () => {
  const told: string[] = [];
  const failed = db.transaction(ctx(), async (open) => {
    await addModule(open, 'half');
    open.tx.afterCommit(() => void told.push('half'));
    throw new Error('changed my mind');
  });
  await expect(failed).rejects.toThrow('changed my mind');
  expect({ told, modules: await modules() }).toEqual({ told: [], modules: [] });
});

it('joins the open transaction, and gives its hints after the commit, in order', async () => {
  const told: string[] = [];
  await db.transaction(ctx(), async (open) => {
    open.tx.afterCommit(() => void told.push('first'));
    await db.transaction(open, async (open) => {
      await addModule(open, 'joined');
      open.tx.afterCommit(async () => void told.push((await modules())[0]!.name));
    });
    expect(told).toEqual([]);
  });
  expect(told).toEqual(['first', 'joined']);
});

it('survives a hint that throws', async () => {
  await db.transaction(ctx(), async (open) => {
    open.tx.afterCommit(() => {
      throw new Error('nobody listens');
    });
  });
  expect(warnings.at(-1)).toMatchObject({ message: 'a hint after commit failed' });
});

it('tries a deadlocked transaction again until both are through', async () => {
  const [a, b] = [newId(), newId()];
  const lock = (open: OpenContext, id: string) =>
    open.tx.query('update modules set name = name where tenant_id = $1 and id = $2', [tenant, id]);
  for (const id of [a, b]) {
    await db.transaction(ctx(), (open) =>
      open.tx.execute('insert into modules (tenant_id, id, name) values ($1, $2, $3)', [
        tenant,
        id,
        `m-${id}`,
      ]),
    );
  }
  let bothHold = () => {};
  const met = new Promise<void>((resolve) => (bothHold = resolve));
  let holding = 0;
  let attempts = 0;
  const cross = (first: string, second: string) =>
    db.transaction(ctx(), async (open) => {
      attempts += 1;
      await lock(open, first);
      holding += 1;
      if (holding === 2) bothHold();
      await met;
      await lock(open, second);
    });
  await Promise.all([cross(a, b), cross(b, a)]);
  // Whoever tries again may, on a busy machine, meet the other once more.
  expect(attempts).toBeGreaterThanOrEqual(3);
});

/** Does it to a row that somebody else holds. */
async function onHeldRow(work: (open: OpenContext, id: string) => Promise<unknown>) {
  const id = newId();
  await db.transaction(ctx(), (open) =>
    open.tx.execute('insert into modules (tenant_id, id, name) values ($1, $2, $3)', [
      tenant,
      id,
      `m-${id}`,
    ]),
  );
  return withClient(server.superuser, async (client) => {
    await client.query('begin');
    await client.query('select 1 from modules where id = $1 for update', [id]);
    return db.transaction(ctx(), (open) => work(open, id));
  });
}

const busy = {
  kind: 'unavailable',
  code: 'database-unavailable',
  message: expect.stringMatching(/^The database is busy/) as string,
};

it.each(['lock_timeout', 'statement_timeout'])(
  'answers 503 when a transaction waits longer than %s for what others hold',
  async (limit) => {
    const waiting = onHeldRow(async (open, id) => {
      await open.tx.execute(`set local ${limit} = '50ms'`);
      await open.tx.query('select 1 from modules where id = $1 for update', [id]);
    });
    await expect(waiting).rejects.toMatchObject(busy);
  },
);

it('answers 503 when a transaction conflicts with others each time it is tried', async () => {
  let attempts = 0;
  const conflicting = db.transaction(ctx(), async (open) => {
    attempts += 1;
    await open.tx.query("do $$ begin raise exception 'conflict' using errcode = '40001'; end $$");
  });
  await expect(conflicting).rejects.toMatchObject(busy);
  expect(attempts).toBe(3);
});

describe('after COMMIT was said', () => {
  afterEach(() => armFailpoints(undefined));

  it.each([
    ['an error of this process', new Error('broken on purpose')],
    ['what looks like a conflict', Object.assign(new Error('on purpose'), { code: '40001' })],
    ['a lost connection', Object.assign(new Error('on purpose'), { code: 'ECONNRESET' })],
  ])('says that nobody knows what became of it, and does not do it again: %s', async (_, error) => {
    const name = `m-${newId()}`;
    let attempts = 0;
    armFailpoints(async (at) => {
      if (at === 'database.commit:after') throw error;
    });
    const unknown = db.transaction(ctx(), async (open) => {
      attempts += 1;
      await addModule(open, name);
    });
    await expect(unknown).rejects.toMatchObject({ kind: 'unavailable', code: 'commit-unknown' });
    armFailpoints(undefined);
    expect(attempts).toBe(1);
    expect((await modules()).filter((each) => each.name === name)).toHaveLength(1);
  });
});

it('says so when the error of a statement was not heard, and nothing was committed', async () => {
  const before = await modules();
  const deaf = db.transaction(ctx(), async (open) => {
    await addModule(open, `m-${newId()}`);
    await open.tx.query('select 1 / 0').catch(() => undefined);
  });
  await expect(deaf).rejects.toThrow('nothing was committed');
  expect(await modules()).toEqual(before);
});

it('logs a slow statement without its parameters', async () => {
  await db.transaction(ctx(), (open) =>
    open.tx.query('select pg_sleep(0.12), $1::text as secret', ['swordfish']),
  );
  const slow = warnings.filter(({ message }) => message === 'slow statement').at(-1);
  expect(slow?.fields.ms).toBeGreaterThanOrEqual(100);
  expect(JSON.stringify(slow)).toContain('pg_sleep');
  expect(JSON.stringify(warnings)).not.toContain('swordfish');
});

const MODE_SQL = `select current_setting('plan_cache_mode') as mode`;

it('plans a statement once for all values where it is told so, and no other one', async () => {
  const mode = (tx: Transaction) => tx.query<{ mode: string }>(MODE_SQL);
  const modes = await db.system(async (tx) => [
    ...(await mode(tx)),
    ...(await tx.queryPlannedOnce<{ mode: string }>(MODE_SQL, [])),
    ...(await mode(tx)),
  ]);
  expect(modes.map((row) => row.mode)).toEqual(['auto', 'force_generic_plan', 'auto']);
});

it('fails as a whole when one of several statements under way does', async () => {
  const before = await modules();
  const failing = db.transaction(ctx(), (open) =>
    together([
      addModule(open, 'first-of-three'),
      // Heard of later than the next one's, which fails because of it.
      open.tx.query('select 1 / 0').finally(() => delay(20)),
      addModule(open, 'third-of-three'),
    ]),
  );
  await expect(failing).rejects.toMatchObject({ code: '22012' });
  expect(await modules()).toEqual(before);
});

it('answers 503 when its connection is ended, and goes on with the next one', async () => {
  const lost = db.transaction(ctx(), async (open) => {
    const [own] = await open.tx.query<{ pid: number }>('select pg_backend_pid() as pid');
    await withClient(server.superuser, (client) =>
      client.query('select pg_terminate_backend($1)', [own!.pid]),
    );
    await open.tx.query('select 1 as gone');
  });
  await expect(lost).rejects.toMatchObject({ kind: 'unavailable', code: 'database-unavailable' });
  expect((await modules()).length).toBeGreaterThan(0);
});

it('refuses a tenant that is no UUID before it reaches any statement', async () => {
  const work = db.transaction(Context.system("x'; drop table users; --", 'test'), async () => 1);
  await expect(work).rejects.toThrow('UUID');
});
