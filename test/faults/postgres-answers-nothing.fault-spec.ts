/**
 * A PostgreSQL that is frozen for half a minute: it keeps its connections and answers nothing. Requests
 * get an honest answer in the time that a statement may take, the process stays alive, and what was
 * in flight goes on.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Client } from '../support/client.js';
import { OwnPostgres } from '../support/own-postgres.js';
import { QuietNodes } from '../support/quiet-nodes.js';
import { Tidegate } from '../support/tidegate.js';

jest.setTimeout(240_000);

const FROZEN_MS = 30_000;
/** Statements may take 20 s, and getting a connection 15 s; the rest is a busy machine. */
const ANSWER_MS = 28_000;

describe('a control plane whose PostgreSQL is frozen', () => {
  let postgres: OwnPostgres;
  let tidegate: Tidegate;
  let client: Client;
  let quiet: QuietNodes;

  beforeAll(async () => {
    postgres = await OwnPostgres.start();
    tidegate = await Tidegate.start({ isProcess: true, database: postgres.database });
    client = await tidegate.client();
    quiet = await QuietNodes.join(tidegate, client, 2);
    await QuietNodes.modules(client, 'orders');
    await quiet.rollouts.expectEnd(await quiet.begin('orders'), 'Succeeded');
  });

  afterAll(async () => {
    await postgres?.thaw();
    await quiet?.stop();
    await tidegate?.stop();
    await postgres?.stop();
  });

  it('says 503 in time, stays alive, and goes on afterwards', async () => {
    const id = await quiet.begin('orders');
    await postgres.freeze();
    const thawed = pause(FROZEN_MS).then(() => postgres.thaw());
    const from = performance.now();
    const asked = Array.from({ length: 20 }, async () => {
      const { status, body } = await client.get('/deployments?limit=1');
      return { status, code: body.code as string, ms: performance.now() - from };
    });
    const live = await fetch(`${tidegate.url}/health/live`, { signal: AbortSignal.timeout(5_000) });
    expect(live.status).toBe(200);
    for (const answer of await Promise.all(asked)) {
      expect(answer).toMatchObject({ status: 503, code: 'database-unavailable' });
      expect(answer.ms).toBeLessThan(ANSWER_MS);
    }
    await thawed;
    await quiet.rollouts.expectEnd(id, 'Succeeded');
    // Every connection of the pool is good again.
    const after = await Promise.all(
      Array.from({ length: 30 }, () => client.get('/deployments?limit=1')),
    );
    expect(after.map(({ status }) => status)).toEqual(after.map(() => 200));
    await quiet.rollouts.expectEnd(await quiet.begin('orders'), 'Succeeded');
  });
});
