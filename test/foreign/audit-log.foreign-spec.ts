/**
 * The audit log as others see it: Go's own reader of signed notes, transparency-dev's merkle proofs, and
 * tessera's fsck, which walks the checkpoint and the tiles of a log over HTTP with nothing but its key.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { importEntries } from '../../src/edges/audit/log/importing.js';
import { LogKey } from '../../src/edges/audit/log/log-key.js';
import { sealTrees } from '../../src/edges/audit/log/sealing.js';
import { limits } from '../../src/kernel/limits.js';
import { Audit } from '../../src/platform/audit/audit.js';
import { Database } from '../../src/platform/database/database.js';
import { newLogKey } from '../support/audit-rig.js';
import { withClient } from '../support/database.js';
import { tlog, tlogProgram, type Verdict } from '../support/tlog.js';
import { type Member, WholeApp } from '../support/whole-app.js';

// A compiler is among these programs.
jest.setTimeout(300_000);

let app: WholeApp;
let admin: Member;
let tenantId: string;
let program: string | undefined;
let home: string;
let keyFile: string;
beforeAll(async () => {
  program = await tlogProgram();
  app = await WholeApp.start();
  tenantId = await app.tenant('acme');
  admin = await app.member(tenantId, 'Admin');
  home = await mkdtemp(join(tmpdir(), 'tidegate-tlog-'));
  const { key } = (await (await get('key')).json()) as { key: string };
  keyFile = await written('key', `${key}\n`);
  await write(700);
});
afterAll(async () => {
  await app?.close();
  if (home) await rm(home, { recursive: true, force: true });
});

const address = () => `${app.url}/api/v1/audit-logs/`;
const get = (path: string) =>
  fetch(`${address()}${path}`, { headers: { authorization: `Bearer ${admin.token}` } });
const textOf = async (path: string) => (await get(path)).text();

async function written(name: string, text: string): Promise<string> {
  const file = join(home, name);
  await writeFile(file, text);
  return file;
}

/** As the owner, whom no trigger stops. */
const sql = (text: string, parameters: unknown[] = []) =>
  withClient(app.database.superuser, async (client) => {
    await client.query('set session_replication_role = replica');
    return (await client.query<Record<string, number>>(text, parameters)).rows;
  });

/** Entries of the product’s own writing. */
const write = (count: number) =>
  app.inTenant(tenantId, async (open) => {
    for (let number = 0; number < count; number += 1) {
      await app.get(Audit).append(open, {
        category: 'node',
        action: 'tested',
        subject: { kind: 'node', id: `node-${number}` },
        body: { number, name: 'Grüße', username: 'lea' },
      });
    }
  });

/** Entries of before there was a log: PostgreSQL makes many of them at once. */
async function imported(count: number): Promise<void> {
  await sql(
    `with entry as (insert into audit_entries (at, id, tenant_id, category, action, actor,
       subject_kind, subject_id, request_id, result, body_text, leaf_hash)
     select date_trunc('milliseconds', now()), uuidv7(), $1, 'node', 'node-cordoned', 'system:test', 'node', n::text, null,
       'allowed', '{"number":' || n || '}', 'former' from generate_series(1, $2::int) n
     returning tenant_id, id, at)
     insert into audit_pending (tenant_id, entry_id, at) select tenant_id, id, at from entry`,
    [tenantId, count],
  );
  while ((await importEntries(app.get(Database))) > 0);
}

/** What waits comes into the tree, but no more than that. */
async function sealUpTo(size: number): Promise<void> {
  for (;;) {
    const [tree] = await sql('select size::int from audit_trees where tenant_id = $1', [tenantId]);
    const left = size - (tree?.size ?? 0);
    if (left === 0) return;
    const most = jest.replaceProperty(limits, 'auditSealedAtOnce', Math.min(left, 5_000) as never);
    const { entries } = await app
      .get(Database)
      .system((tx) => sealTrees(tx, app.get(LogKey), [tenantId]));
    most.restore();
    if (entries.length === 0) throw new Error(`nothing is left to be sealed at ${size - left}`);
  }
}

async function run(...options: string[]): Promise<Verdict> {
  // Without Go, and outside of CI, it has been said that this is not tested.
  if (program === undefined) return { code: NaN, said: '' };
  return tlog(program, options, { TLOG_TOKEN: admin.token });
}

const fsck = () => run('fsck', keyFile, address());
const proofOf = (file: string) => run('proof', keyFile, file);
const itBuilt = (name: string, test: () => Promise<void>) =>
  it(name, async () => {
    if (program !== undefined) await test();
  });

describe('tessera’s fsck', () => {
  for (const size of [1, 255, 256, 257]) {
    itBuilt(`finds a log of ${size} right`, async () => {
      await sealUpTo(size);
      expect(await fsck()).toMatchObject({ code: 0 });
    });
  }
});

/** Each change is taken back, so that what a case finds is its own. */
describe('tessera’s fsck ends with 1, and names', () => {
  beforeAll(() => sealUpTo(600));

  const entry = (action: string) =>
    `update audit_entries e set action = '${action}' from audit_leaves l where l.tenant_id = $1
     and l.sequence = 299 and e.tenant_id = l.tenant_id and e.id = l.entry_id`;
  // Its own tile or the one above, which is wrong as well: whichever of the four at work gets there first.
  const OF_ENTRY_256_ON = /tile\/(0\/001|1\/000\.p\/2): log has/;
  const tampered: [what: string, change: string, back: string, said: RegExp][] = [
    ['the tile of an entry that was edited', entry('forged'), entry('tested'), OF_ENTRY_256_ON],
    [
      'the tile of a leaf that was changed with its entry',
      `update audit_leaves set leaf_hash = set_byte(leaf_hash, 0, get_byte(leaf_hash, 0) # 1)
       where tenant_id = $1 and sequence = 256`,
      `update audit_leaves set leaf_hash = set_byte(leaf_hash, 0, get_byte(leaf_hash, 0) # 1)
       where tenant_id = $1 and sequence = 256`,
      OF_ENTRY_256_ON,
    ],
    [
      'a hash of the level above that is not that of its leaves',
      `update audit_subtrees set hash = set_byte(hash, 0, get_byte(hash, 0) # 1)
       where tenant_id = $1 and level = 1 and position = 1`,
      `update audit_subtrees set hash = set_byte(hash, 0, get_byte(hash, 0) # 1)
       where tenant_id = $1 and level = 1 and position = 1`,
      /tile\/1\/000\.p\/2: log has/,
    ],
    [
      'a tile of which an entry is gone',
      `update audit_leaves set tenant_id = gen_random_uuid() where tenant_id = $1 and sequence = 599`,
      `update audit_leaves set tenant_id = $1 where sequence = 599`,
      /tile\/entries\/002/,
    ],
    [
      'a checkpoint of a larger log',
      `update audit_trees set checkpoint = replace(checkpoint, E'\n600\n', E'\n601\n') where tenant_id = $1`,
      `update audit_trees set checkpoint = replace(checkpoint, E'\n601\n', E'\n600\n') where tenant_id = $1`,
      /verify checkpoint/,
    ],
  ];
  for (const [what, change, back, names] of tampered) {
    itBuilt(what, async () => {
      await sql(change, [tenantId]);
      const { code, said } = await fsck();
      await sql(back, [tenantId]);
      expect(code).toBe(1);
      expect(said).toMatch(names);
    });
  }

  itBuilt('nothing when all of it is as it was', async () => {
    expect(await fsck()).toMatchObject({ code: 0 });
  });
});

describe('a log of three levels', () => {
  itBuilt('is right for tessera’s fsck', async () => {
    await imported(70_000);
    await sealUpTo(70_000);
    expect(await textOf('checkpoint')).toContain(`${tenantId}\n70000\n`);
    expect(await fsck()).toMatchObject({ code: 0 });
  });
});

describe('Go’s sumdb/note', () => {
  itBuilt('opens every checkpoint with the key that is shown', async () => {
    const { items } = (await (await get('checkpoints')).json()) as { items: { note: string }[] };
    expect(items.length).toBeGreaterThan(4);
    for (const { note } of items) {
      const { code, said } = await run('note', keyFile, await written('note', note));
      expect([code, said]).toEqual([0, note.slice(0, note.indexOf('\n\n') + 1)]);
    }
  });

  itBuilt('opens none that was changed, or that another key has signed', async () => {
    const note = await textOf('checkpoint');
    const changed = await written('changed', note.replace('\n70000\n', '\n70001\n'));
    expect(await run('note', keyFile, changed)).toMatchObject({
      code: 1,
      said: expect.stringContaining('invalid signature'),
    });
    const other = await written('other', newLogKey().verifierOf(tenantId));
    expect(await run('note', other, await written('note', note))).toMatchObject({
      code: 1,
      said: expect.stringContaining('no verifiable signatures'),
    });
  });
});

describe('a proof', () => {
  itBuilt('is one for transparency-dev’s merkle, wherever the entry stands', async () => {
    const rows = (await sql(
      `select sequence::int, entry_id as id from audit_leaves where tenant_id = $1
       and sequence in (0, 255, 256, 300, 65535, 65536, 69999) order by sequence`,
      [tenantId],
    )) as unknown as { id: string }[];
    expect(rows).toHaveLength(7);
    for (const { id } of rows) {
      const { code, said } = await proofOf(await written('proof', await textOf(`${id}/proof`)));
      expect([code, JSON.parse(said)]).toMatchObject([0, { id }]);
    }
  });

  itBuilt('is none of another entry, place or checkpoint', async () => {
    const [row] = (await sql(
      'select entry_id as id from audit_leaves where tenant_id = $1 and sequence = 300',
      [tenantId],
    )) as unknown as { id: string }[];
    const file = await textOf(`${row!.id}/proof`);
    const extra = /^extra (.*)$/m.exec(file)![1]!;
    const forged = Buffer.from(extra, 'base64').toString().replace('tested', 'tasted');
    const changes = [
      file.replace(extra, Buffer.from(forged).toString('base64')),
      file.replace('\nindex 300\n', '\nindex 301\n'),
      file.replace('\n70000\n', '\n70001\n'),
    ];
    for (const changed of changes) {
      expect(changed).not.toBe(file);
      expect(await proofOf(await written('forged', changed))).toMatchObject({ code: 1 });
    }
  });
});
