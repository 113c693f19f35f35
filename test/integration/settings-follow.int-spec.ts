/** How copies of the settings follow the database: by notices, without them, and through its restarts. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { Context } from '../../src/platform/context.js';
import { Database } from '../../src/platform/database/database.js';
import { Notices } from '../../src/platform/database/notices.js';
import { Logger } from '../../src/platform/logging/logger.js';
import { hotSetting } from '../../src/platform/settings/hot-setting.js';
import { Settings } from '../../src/platform/settings/settings.js';
import { SettingsFollower } from '../../src/platform/settings/settings-follower.js';
import {
  lockSettings,
  settingRow,
  writeSetting,
} from '../../src/platform/settings/settings.store.js';
import { PLATFORM_TENANT } from '../../src/tenancy/tenants/platform-tenant.js';
import { freshDatabase, type TestDatabase, withClient } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { quietEvents } from '../support/quiet-events.js';

const cups = hotSetting({
  key: 'spec.follow',
  schema: z.int(),
  default: 0,
  example: 1,
  doc: '',
  scopes: ['platform'],
});
/** In these tests only what they are about may find a change. */
const NEVER_MS = 3_600_000;

interface Follower {
  readonly settings: Settings;
  readonly value: () => number;
  readonly stop: () => Promise<void>;
}

let database: TestDatabase;
let db: Database;
const running: Follower[] = [];

beforeAll(async () => {
  database = await freshDatabase();
  const { app, system } = database;
  const log = Logger.silent();
  db = await Database.open({
    app,
    system,
    poolSize: 5,
    systemPoolSize: 5,
    log,
    recorder: quietEvents(),
  });
  await sql(`insert into tenants (id, slug, name) values ($1, 'platform', 'Platform')`, [
    PLATFORM_TENANT.id,
  ]);
});
afterEach(async () => {
  await Promise.all(running.splice(0).map(({ stop }) => stop()));
});
afterAll(async () => {
  await db?.close();
  await database?.drop();
});

const sql = (text: string, values: unknown[] = []) =>
  withClient(database.superuser, async (client) => (await client.query(text, values)).rows);

async function follower(pollMs = NEVER_MS, deaf = false): Promise<Follower> {
  const log = Logger.silent();
  const settings = new Settings(log);
  const notices = new Notices(database.app, log);
  const metrics = { has: () => undefined, failed: () => undefined };
  const heard = deaf ? ({ listen: () => () => undefined } as unknown as Notices) : notices;
  const follower = new SettingsFollower({
    settings,
    database: db,
    notices: heard,
    log,
    metrics,
    pollMs,
  });
  await follower.start();
  const made = {
    settings,
    value: () => settings.valueOf(cups),
    stop: async () => {
      await follower.stop();
      await notices.close();
    },
  };
  running.push(made);
  return made;
}

function set(value: number | undefined): Promise<unknown> {
  const place = { tenantId: PLATFORM_TENANT.id, key: cups.key, environmentKey: '' };
  return db.transaction(Context.system(PLATFORM_TENANT.id, 'test'), async (open) => {
    await lockSettings(open);
    const level = { ...place, scope: 'platform', environment: null, value, reason: null } as const;
    return writeSetting(open, level, await settingRow(open, place));
  });
}

/** As if the notice had been lost: nobody is told. */
const setSilently = (value: number) =>
  sql(
    `update settings set value = $1::text::jsonb, version = version + 1,
       revision = nextval('settings_revision') where key = $2`,
    [String(value), cups.key],
  );

const listening = () =>
  eventually(async () => {
    const rows = await sql(
      `select pid from pg_stat_activity where application_name = 'tidegate-notices'
         and datname = current_database() and query like 'listen%'`,
    );
    expect(rows.length).toBe(running.length);
  });

describe('a copy of the settings', () => {
  it('follows a change within a second, in every process', async () => {
    const all = [await follower(), await follower(), await follower()];
    await listening();
    const since = performance.now();
    await set(1);
    await eventually(() => expect(all.map(({ value }) => value())).toEqual([1, 1, 1]));
    expect(performance.now() - since).toBeLessThan(1_000);
    await set(undefined);
    await eventually(() => expect(all.map(({ value }) => value())).toEqual([0, 0, 0]));
    await set(1);
    // Who starts later has it from the start.
    expect((await follower()).value()).toBe(1);
  });

  it('finds by itself what it was not told', async () => {
    const [deaf, patient] = [await follower(50, true), await follower(NEVER_MS, true)];
    await setSilently(2);
    await eventually(() => expect(deaf.value()).toBe(2));
    expect(patient.value()).toBe(1);
  });

  it('listens again, and looks again, when its connection was cut', async () => {
    const one = await follower();
    await listening();
    await sql(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'tidegate-notices' and datname = current_database()`,
    );
    await setSilently(3);
    await eventually(() => expect(one.value()).toBe(3));
    await listening();
    await set(4);
    await eventually(() => expect(one.value()).toBe(4));
  });

  it('misses none of many at once, of many tenants', async () => {
    const tenants = Array.from(
      { length: 12 },
      (_, at) => `019a7f3e-0000-7000-8000-${String(at).padStart(12, '0')}`,
    );
    for (const id of tenants) {
      await sql('insert into tenants (id, slug, name) values ($1::uuid, $1::text, $1::text)', [id]);
    }
    const one = await follower();
    await listening();
    await Promise.all(
      tenants.flatMap((tenantId, at) =>
        [0, 1, 2].map((round) =>
          db.transaction(Context.system(tenantId, 'test'), async (open) => {
            const place = { tenantId, key: cups.key, environmentKey: '' };
            await lockSettings(open);
            const value = at * 10 + round;
            const level = {
              ...place,
              scope: 'tenant',
              environment: null,
              value,
              reason: null,
            } as const;
            await writeSetting(open, level, await settingRow(open, place));
          }),
        ),
      ),
    );
    const rows = (await sql(
      `select tenant_id as id, value from settings where scope = 'tenant'`,
    )) as {
      id: string;
      value: number;
    }[];
    await eventually(() => {
      expect(rows.map(({ id }) => one.settings.valueOf(cups, { tenantId: id }))).toEqual(
        rows.map(({ value }) => value),
      );
    });
    expect(rows).toHaveLength(tenants.length);
  });

  it('begins anew when the database is older than it: a backup was restored', async () => {
    const one = await follower(50);
    await set(5);
    await eventually(() => expect(one.value()).toBe(5));
    await sql(`delete from settings where key = $1 and scope = 'platform'`, [cups.key]);
    await eventually(() => expect(one.value()).toBe(0));
  });
});
