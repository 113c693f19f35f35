/**
 * A log goes out as a file and is proven by the CLI without a server; whatever its owner does to the database
 * is found in the file. Each case in a tenant of its own.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runCli } from '../../src/apps/cli/program.js';
import { readCliEnvironment } from '../../src/apps/cli/session/cli-environment.js';
import { AuditSealerModule } from '../../src/edges/audit/audit-sealer.module.js';
import { ExportService } from '../../src/edges/audit/export/export.service.js';
import { LogKey } from '../../src/edges/audit/log/log-key.js';
import { LogSealer } from '../../src/edges/audit/log/log-sealer.js';
import { sealTrees } from '../../src/edges/audit/log/sealing.js';
import { limits } from '../../src/kernel/limits.js';
import { commitmentTo } from '../../src/kernel/tlog/audit-leaf.js';
import { newId } from '../../src/kernel/ids.js';
import { Audit } from '../../src/platform/audit/audit.js';
import type { AuditRecord } from '../../src/platform/audit/audit-record.js';
import { Context } from '../../src/platform/context.js';
import { Database } from '../../src/platform/database/database.js';
import { withClient } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { type Member, WholeApp } from '../support/whole-app.js';

let app: WholeApp;
let folder: string;
beforeAll(async () => {
  app = await WholeApp.start({ modules: [AuditSealerModule] });
  folder = await mkdtemp(join(tmpdir(), 'tidegate-export-'));
}, 60_000);
afterAll(async () => {
  await app?.close();
  await rm(folder, { recursive: true, force: true });
});

interface Log {
  readonly tenantId: string;
  readonly admin: Member;
  /** Files: the trusted key, and the checkpoint of the sixth entry. */
  readonly keys: string;
  readonly kept: string;
}

/** Nine entries and those of the tenant's making, sealed in two parts. */
async function sealedLog(): Promise<Log> {
  const name = `t-${newId().slice(-12)}`;
  const tenantId = await app.tenant(name);
  const admin = await app.member(tenantId, 'Admin');
  const [keys, kept] = [join(folder, `${name}.keys`), join(folder, `${name}.checkpoint`)];
  await append(tenantId, 5);
  await seal(tenantId);
  await writeFile(keys, `# ${name}\n${app.get(LogKey).verifierOf(tenantId)}\n`);
  const [newest] = await notesOf(tenantId);
  await writeFile(kept, newest!.note);
  await append(tenantId, 4);
  await seal(tenantId);
  return { tenantId, admin, keys, kept };
}

const append = (tenantId: string, count: number, record: Partial<AuditRecord> = {}) =>
  app.inTenant(tenantId, async (open) => {
    for (let number = 0; number < count; number += 1) {
      await app.get(Audit).append(open, {
        category: 'deployment',
        action: 'tested',
        subject: { kind: 'deployment', id: newId() },
        body: { number, email: `ana-${newId()}@example.org` },
        ...record,
      });
    }
  });

/** The product's own sealer is at it, too: what one has taken, the other leaves. */
const seal = (tenantId: string) =>
  eventually(async () => {
    await app.get(LogSealer).seal();
    expect(await sql('select 1 from audit_pending where tenant_id = $1', [tenantId])).toEqual([]);
  });
const sql = (text: string, parameters: unknown[] = []) =>
  withClient(app.database.superuser, async (client) => {
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- rows are looked at, not typed
    const { rows } = await client.query<any>(text, parameters);
    return rows;
  });
const notesOf = async (tenantId: string): Promise<{ size: number; note: string }[]> => {
  const rows = await sql(
    'select size, note from audit_checkpoints where tenant_id = $1 order by size desc',
    [tenantId],
  );
  return rows.map((row) => ({ size: Number(row.size), note: row.note }));
};

/** As the owner, who has taken the triggers away. */
const tamper = ({ tenantId }: Log, ...statements: readonly string[]) =>
  withClient(app.database.superuser, async (client) => {
    await client.query('set session_replication_role = replica');
    for (const each of statements) await client.query(each.replaceAll(':t', `'${tenantId}'`));
  });
const entryAt = (sequence: number) =>
  `(select entry_id from audit_leaves where tenant_id = :t and sequence = ${sequence})`;

async function cli(words: readonly string[], token?: string) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const signedIn = token === undefined ? {} : { TIDEGATE_SERVER: app.url, TIDEGATE_TOKEN: token };
  const exitCode = await runCli(words, {
    streams: { stdin, stdout, stderr },
    environment: readCliEnvironment({ XDG_CONFIG_HOME: folder, ...signedIn }),
    version: '0.0.0',
    onInterrupt: () => () => undefined,
  });
  const text = (stream: PassThrough) => String((stream.read() as Buffer | null) ?? '');
  return { exitCode, stdout: text(stdout), stderr: text(stderr) };
}

async function exported({ admin }: Log, ...more: readonly string[]): Promise<string> {
  const file = join(folder, `${newId()}.jsonl`);
  const { exitCode, stderr } = await cli(['audit', 'export', '--file', file, ...more], admin.token);
  expect([exitCode, stderr]).toEqual([0, '']);
  return file;
}

/** Without a server and without a token. */
async function verified(file: string, { keys, kept }: Log, words: readonly string[] = []) {
  const offline = ['audit', 'verify', '--file', file, '--trust', keys, '--json'];
  const { exitCode, stdout, stderr } = await cli([...offline, '--checkpoints', kept, ...words]);
  return { exitCode, stderr, report: stdout === '' ? null : JSON.parse(stdout) };
}

const linesOf = async (file: string) => (await readFile(file, 'utf8')).trimEnd().split('\n');

describe('an exported log', () => {
  it('is proven by a key that was kept, and by nothing that comes along', async () => {
    const log = await sealedLog();
    const file = await exported(log);
    const { size } = JSON.parse((await linesOf(file))[0]!) as { size: number };
    const { exitCode, report } = await verified(file, log);
    expect([exitCode, report]).toEqual([
      0,
      {
        file,
        origin: `tidegate/audit/${log.tenantId}`,
        filter: null,
        from: 0,
        size,
        entries: size,
        provenSize: size,
        keptAgree: 1,
        keptOthers: 0,
        strangers: 0,
        fault: null,
        isComplete: true,
      },
    ]);
    const untrusted = await cli(['audit', 'verify', '--file', file]);
    expect([untrusted.exitCode, untrusted.stderr]).toEqual([
      2,
      expect.stringMatching(/Unverified/),
    ]);
    const other = await sealedLog();
    const foreign = await verified(file, other);
    expect([foreign.exitCode, foreign.stderr]).toEqual([
      2,
      expect.stringMatching(/no key of the log/),
    ]);
  });

  it('begins anywhere', async () => {
    const log = await sealedLog();
    const { report } = await verified(await exported(log, '--from', '7'), log);
    expect(report).toMatchObject({ from: 7, fault: null, keptAgree: 0, keptOthers: 1 });
    const { exitCode, stderr } = await cli(
      ['audit', 'export', '--file', join(folder, 'none'), '--from', '1000'],
      log.admin.token,
    );
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/audit-size-unknown/)]);
  });

  it('goes on where it was cut off, to the end that it had', async () => {
    const log = await sealedLog();
    for (const more of [[], ['--action', 'tested']]) {
      const file = await exported(log, ...more);
      const whole = await readFile(file, 'utf8');
      const cuts = [20, whole.indexOf('\n') + 1, Math.floor(whole.length / 2), whole.length - 9];
      await append(log.tenantId, 1);
      await seal(log.tenantId);
      for (const cut of cuts) {
        await writeFile(file, whole.slice(0, cut));
        const cutOff = await verified(file, log);
        expect(cutOff.exitCode).not.toBe(0);
        const again = await cli(['audit', 'export', '--file', file, ...more], log.admin.token);
        expect([again.exitCode, again.stderr]).toEqual([0, '']);
        // Of the first line alone nothing says to which end.
        if (cut !== 20) expect(await readFile(file, 'utf8')).toBe(whole);
        expect((await verified(file, log)).report).toMatchObject({ fault: null, isComplete: true });
      }
      const done = await cli(['audit', 'export', '--file', file, ...more], log.admin.token);
      expect(done.stderr).toMatch(/is already complete/);
    }
    await writeFile(join(folder, 'mine'), 'not yours');
    const mine = await cli(['audit', 'export', '--file', join(folder, 'mine')], log.admin.token);
    expect([mine.exitCode, await readFile(join(folder, 'mine'), 'utf8')]).toEqual([1, 'not yours']);
  });

  it('of chosen entries has a proof for each', async () => {
    const log = await sealedLog();
    await append(log.tenantId, 150, { category: 'approval', action: 'chosen' });
    await seal(log.tenantId);
    const file = await exported(log, '--action', 'chosen', '--since', '1h');
    const { report } = await verified(file, log);
    expect(report).toMatchObject({ entries: 150, fault: null, filter: { action: 'chosen' } });
    const lines = await linesOf(file);
    await writeFile(
      file,
      `${lines.with(5, lines[5]!.replace('"outcome\\":\\"allowed', '"outcome\\":\\"denied')).join('\n')}\n`,
    );
    expect((await verified(file, log)).report).toMatchObject({ fault: { kind: 'edited' } });
  });

  it('is an entry itself, with what was asked for; names in it may be erased', async () => {
    const log = await sealedLog();
    await exported(log);
    await exported(log, '--actor', 'ana', '--category', 'deployment');
    const { stdout } = await cli(
      ['audit', 'list', '--action', 'audit-log-exported', '--json'],
      log.admin.token,
    );
    const { items } = JSON.parse(stdout) as { items: { id: string; details: object }[] };
    expect(items.map(({ details }) => details)).toEqual([
      { from: 0, to: expect.any(Number), filter: { actorName: 'ana', category: 'deployment' } },
      { from: 0, to: expect.any(Number), filter: null },
    ]);
    const [row] = await sql('select salts_text from audit_entries where id = $1', [items[0]!.id]);
    expect(row.salts_text).toContain('/body/filter/actorName');
  });

  it('is for Admins of the tenant, and holds one place of its downloads', async () => {
    const log = await sealedLog();
    const { token } = await app.member(log.tenantId, 'Viewer');
    const refused = await cli(['audit', 'export', '--file', join(folder, 'no')], token);
    expect([refused.exitCode, refused.stderr]).toEqual([2, expect.stringMatching(/audit:read/)]);
    const ctx = Context.system(log.tenantId, 'test');
    const service = app.get(ExportService);
    const held = await Promise.all(
      Array.from({ length: limits.streamsPerCaller }, () => service.open(ctx, {})),
    );
    await expect(service.open(ctx, {})).rejects.toMatchObject({ code: 'downloads-limit' });
    const [gone] = held;
    gone!.destroy();
    await eventually(async () => {
      held.push(await service.open(ctx, {}));
    });
    for (const stream of held) stream.destroy();
    await expect(service.open(ctx, { before: newId(), from: 1 })).rejects.toMatchObject({
      code: 'audit-export-unclear',
    });
    await eventually(() =>
      expect(service.open(ctx, { before: newId(), action: 'tested' })).rejects.toMatchObject({
        code: 'audit-entry-not-found',
      }),
    );
  });
});

describe('a database whose owner', () => {
  const edits = [
    [`update audit_entries set actor = 'eva' where tenant_id = :t and id = ${entryAt(4)}`],
    [`update audit_entries set body_text = '{}' where tenant_id = :t and id = ${entryAt(4)}`],
    [`update audit_entries set body_text = 'x' where tenant_id = :t and id = ${entryAt(4)}`],
  ];
  it('has edited an entry', async () => {
    const log = await sealedLog();
    for (const edit of edits) {
      await tamper(log, ...edit);
      const { exitCode, report } = await verified(await exported(log), log);
      expect([exitCode, report.fault]).toMatchObject([3, { kind: 'edited', sequence: 4, upTo: 4 }]);
    }
  });

  it('has deleted one, alone or with its leaf', async () => {
    const log = await sealedLog();
    await tamper(log, `delete from audit_entries where tenant_id = :t and id = ${entryAt(5)}`);
    expect((await verified(await exported(log), log)).report.fault).toMatchObject({
      kind: 'deleted',
      sequence: 5,
    });
    await tamper(log, 'delete from audit_leaves where tenant_id = :t and sequence = 5');
    expect((await verified(await exported(log), log)).report.fault).toMatchObject({
      kind: 'missing',
      sequence: 5,
    });
  });

  it('has put entries into another order', async () => {
    const log = await sealedLog();
    await tamper(
      log,
      'update audit_leaves set sequence = 1007 where tenant_id = :t and sequence = 2',
      'update audit_leaves set sequence = 2 where tenant_id = :t and sequence = 1',
      'update audit_leaves set sequence = 1 where tenant_id = :t and sequence = 1007',
    );
    const { report } = await verified(await exported(log), log);
    expect(report.fault).toMatchObject({ kind: 'rewritten', upTo: expect.any(Number) });
    expect(report.fault.sequence).toBeLessThanOrEqual(1);
  });

  const cutAt = (size: number) => [
    `delete from audit_entries where tenant_id = :t and id in
       (select entry_id from audit_leaves where tenant_id = :t and sequence >= ${size})`,
    `delete from audit_leaves where tenant_id = :t and sequence >= ${size}`,
    `delete from audit_checkpoints where tenant_id = :t and size > ${size}`,
  ];
  const forgotten = [
    'delete from audit_trees where tenant_id = :t',
    'delete from audit_subtrees where tenant_id = :t',
    'delete from audit_pending where tenant_id = :t',
    `insert into audit_pending select tenant_id, entry_id, at, leaf_hash from audit_leaves where tenant_id = :t`,
    'delete from audit_leaves where tenant_id = :t',
    'delete from audit_checkpoints where tenant_id = :t',
  ];
  const sealAgain = ({ tenantId }: Log) =>
    eventually(async () => {
      await app.get(Database).system((tx) => sealTrees(tx, app.get(LogKey), [tenantId]));
      expect(await sql('select 1 from audit_pending where tenant_id = $1', [tenantId])).toEqual([]);
    });

  it('has cut off its end, and sealed what is left', async () => {
    const log = await sealedLog();
    await tamper(log, ...cutAt(4), ...forgotten);
    await sealAgain(log);
    const { exitCode, report } = await verified(await exported(log, '--from', '0'), log);
    expect([exitCode, report.fault]).toMatchObject([3, { kind: 'truncated' }]);
  });

  it('has sealed another past, with the real key', async () => {
    const log = await sealedLog();
    await tamper(log, ...cutAt(2), ...forgotten);
    await append(log.tenantId, 12, { action: 'forged' });
    await sealAgain(log);
    const file = await exported(log);
    const { exitCode, report } = await verified(file, log);
    const kept = Number((await readFile(log.kept, 'utf8')).split('\n')[1]);
    expect([exitCode, report.fault]).toMatchObject([
      3,
      { kind: 'resealed', sequence: 0, upTo: kept - 1 },
    ]);
    // Who has kept nothing cannot know.
    const alone = await cli(['audit', 'verify', '--file', file, '--trust', log.keys]);
    expect(alone.exitCode).toBe(0);
  });

  it('has erased what is personal, and nothing else', async () => {
    const log = await sealedLog();
    const [row] = await sql(
      `select e.id, e.body_text, e.salts_text from audit_entries e join audit_leaves l
         on l.tenant_id = e.tenant_id and l.entry_id = e.id
       where e.tenant_id = $1 and e.action = 'tested' order by l.sequence limit 1`,
      [log.tenantId],
    );
    const [body, salts] = [JSON.parse(row.body_text), JSON.parse(row.salts_text)];
    const commitment = commitmentTo(body.email, salts['/body/email']);
    salts['/body/email'] = `sha256:${commitment}`;
    await tamper(
      log,
      `update audit_entries set body_text = '${JSON.stringify({ ...body, email: 'erased' })}',
         salts_text = '${JSON.stringify(salts)}' where tenant_id = :t and id = '${row.id}'`,
    );
    const file = await exported(log);
    expect(await readFile(file, 'utf8')).not.toContain(body.email);
    expect((await verified(file, log)).report).toMatchObject({ fault: null });
  });
});

describe('one entry', () => {
  it('is proven by a file of its own', async () => {
    const log = await sealedLog();
    const { token } = log.admin;
    const listed = await cli(
      ['audit', 'list', '--action', 'tested', '--limit', '1', '--json'],
      token,
    );
    const [entry] = (JSON.parse(listed.stdout) as { items: { id: string }[] }).items;
    const file = join(folder, 'entry.tlog-proof');
    expect((await cli(['audit', 'prove', entry!.id, '--file', file], token)).exitCode).toBe(0);
    const checked = await cli(['audit', 'check', file, '--trust', log.keys, '--utc']);
    expect([checked.exitCode, checked.stderr]).toEqual([0, '']);
    expect(checked.stdout).toMatch(/as it was sealed[^]*tested \(deployment, allowed\)/);
    expect(checked.stdout).not.toContain('@example.org');
    const other = await sealedLog();
    const foreign = await cli(['audit', 'check', file, '--trust', other.keys]);
    expect([foreign.exitCode, foreign.stderr]).toEqual([2, expect.stringMatching(/Unverified/)]);
    expect((await cli(['audit', 'check', file])).exitCode).toBe(2);
    const proof = await readFile(file, 'utf8');
    await writeFile(file, proof.replace(/^index \d+$/m, 'index 0'));
    expect((await cli(['audit', 'check', file, '--trust', log.keys])).exitCode).toBe(3);
  });
});

it('the server says what it has found, and that it is its own word', async () => {
  const log = await sealedLog();
  const right = await cli(['audit', 'verify'], log.admin.token);
  expect([right.exitCode, right.stdout]).toEqual([0, expect.stringMatching(/own word/)]);
  await tamper(log, `delete from audit_entries where tenant_id = :t and id = ${entryAt(3)}`);
  const wrong = await cli(['audit', 'verify'], log.admin.token);
  expect([wrong.exitCode, wrong.stdout]).toEqual([
    3,
    expect.stringMatching(/entry 3 has been deleted/),
  ]);
});
