/** The operator's webhook as an anchor: what it takes, what it answers, and what is said of that. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { AnyAnchorSink } from '../../src/edges/audit/anchors/anchor-sink.js';
import { openWebhookSink } from '../../src/edges/audit/anchors/open-webhook-sink.js';
import type { WebhookSink } from '../../src/edges/audit/anchors/webhook-sink.js';
import { AuditReads } from '../../src/edges/audit/entries/audit-reads.js';
import { LogSealer } from '../../src/edges/audit/log/log-sealer.js';
import { verifyTenant } from '../../src/edges/audit/verification/verify-tenant.js';
import { openNote, parseVerifierKey, signNote, verifierKeyOf } from '../../src/kernel/tlog/note.js';
import { Config } from '../../src/platform/config/config.js';
import { Context } from '../../src/platform/context.js';
import { Logger } from '../../src/platform/logging/logger.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { AuditRig } from '../support/audit-rig.js';
import { eventually } from '../support/eventually.js';
import { hang, Receiver, type Received } from '../support/receiver.js';
import { signatureOf } from '../support/stream-deliveries.js';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=';
/** Before who hangs is given up. */
const SOON_MS = 3_000;
let rig: AuditRig;
let receiver: Receiver;
let folder: string;
let sink: WebhookSink;
beforeAll(async () => {
  rig = await AuditRig.start();
  receiver = await Receiver.start();
  folder = await mkdtemp(join(tmpdir(), 'tidegate-anchor-'));
  await writeFile(join(folder, 'secret'), `${SECRET}\n`);
  sink = (await openWebhookSink(config(), Logger.silent()))!;
}, 60_000);
afterAll(async () => {
  await receiver?.close();
  await rig?.stop();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  receiver.received.length = 0;
  receiver.answer = () => ({});
});

const config = (url = receiver.url('/anchor'), file = join(folder, 'secret')) =>
  Config.read({ TIDEGATE_AUDIT_ANCHOR_URL: url, TIDEGATE_AUDIT_ANCHOR_SECRET_FILE: file });
const sealer = (sinks: readonly AnyAnchorSink[] = [...rig.sinks, sink]) => {
  const reads = new AuditReads(rig.db);
  return new LogSealer(rig.db, rig.key, sinks, reads, Logger.silent(), new Metrics());
};
async function sealed(): Promise<string> {
  const tenantId = await rig.tenant();
  await rig.append(tenantId, 3);
  await sealer().seal();
  return tenantId;
}
const verify = (tenantId: string) =>
  verifyTenant(Context.system(tenantId, 'test'), {
    database: rig.db,
    reader: rig.reader(),
    sinks: [...rig.sinks, sink],
    verifiers: [parseVerifierKey(rig.key.verifierOf(tenantId))],
  });
const ofWebhook = async (tenantId: string) =>
  (await verify(tenantId)).sinks.find((each) => each.sink === 'webhook');
const noteIn = ({ body }: Received) => (JSON.parse(body) as { checkpoint: string }).checkpoint;
const textOf = (note: string) => note.slice(0, note.lastIndexOf('\n\n') + 1);

describe('the webhook of the operator', () => {
  it('gets each checkpoint, signed, and is believed to have it by its answer alone', async () => {
    const tenantId = await sealed();
    await sealer().anchor();
    const [got] = receiver.received.filter(({ body }) => body.includes(tenantId));
    expect(got!.headers).toMatchObject({
      'webhook-id': `${tenantId}.3`,
      'webhook-signature': signatureOf(got!, SECRET),
    });
    openNote(noteIn(got!), [parseVerifierKey(rig.key.verifierOf(tenantId))]);
    expect(await ofWebhook(tenantId)).toEqual({
      sink: 'webhook',
      isRead: false,
      checkpoints: 1,
      size: 3,
      countersigned: 0,
      error: null,
    });
  });

  it('is asked again until it has answered', async () => {
    receiver.answer = () => ({ status: 503 });
    const tenantId = await sealed();
    await sealer().anchor();
    expect(await ofWebhook(tenantId)).toMatchObject({ checkpoints: 0, size: 0 });
    receiver.answer = () => ({ status: 204 });
    await rig.sql('update audit_anchors set next_try_at = now() where anchored_at is null');
    await sealer().anchor();
    expect(await ofWebhook(tenantId)).toMatchObject({ checkpoints: 1, size: 3 });
    const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
    expect(ids.filter((id) => id === `${tenantId}.3`)).toHaveLength(2);
  });

  it('may sign: what came back shows a log that was rewritten, with its own key, too', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const witness = { name: 'witness.example', privateKey };
    receiver.answer = (got) => {
      const note = noteIn(got);
      const line = signNote(textOf(note), witness).slice(textOf(note).length + 1);
      return { body: note + line };
    };
    const tenantId = await sealed();
    await sealer().anchor();
    expect(await ofWebhook(tenantId)).toMatchObject({ checkpoints: 1, countersigned: 1 });
    const [{ countersigned }] = (await rig.sql<{ countersigned: string }>(
      'select countersigned from audit_anchors where tenant_id = $1 and countersigned is not null',
      [tenantId],
    )) as [{ countersigned: string }];
    const verifier = parseVerifierKey(verifierKeyOf(witness.name, publicKey));
    expect(openNote(countersigned, [verifier])).toBe(textOf(countersigned));
    // All of the log away, but for the answer.
    await rig.asSuperuser(async (client) => {
      await client.query('set session_replication_role = replica');
      for (const table of ['audit_leaves', 'audit_subtrees', 'audit_checkpoints', 'audit_trees']) {
        await client.query(`delete from ${table} where tenant_id = $1`, [tenantId]);
      }
    });
    const only = { database: rig.db, reader: rig.reader(), sinks: [sink] };
    const verifiers = [parseVerifierKey(rig.key.verifierOf(tenantId))];
    const report = await verifyTenant(Context.system(tenantId, 'test'), { ...only, verifiers });
    expect(report.fault).toMatchObject({ kind: 'truncated', sequence: 0, upTo: 2 });
  });

  it('that has another checkpoint of that size is no place that has this one', async () => {
    receiver.answer = () => ({ status: 409 });
    const tenantId = await sealed();
    await sealer().anchor();
    expect(await ofWebhook(tenantId)).toMatchObject({ checkpoints: 0 });
  });

  it('that hangs holds up no other place, and no entry', async () => {
    receiver.answer = hang;
    const tenantId = await sealed();
    // The first to be asked.
    const running = sealer([sink, ...rig.sinks]);
    running.onApplicationBootstrap();
    try {
      await eventually(() => expect(receiver.received).not.toEqual([]));
      await eventually(
        async () => expect(await rig.sinks[0]!.sizes(tenantId)).toEqual([3]),
        SOON_MS,
      );
      await rig.append(tenantId, 1);
      await eventually(
        async () =>
          expect(
            await rig.sql('select 1 from audit_pending where tenant_id = $1', [tenantId]),
          ).toEqual([]),
        SOON_MS,
      );
    } finally {
      await receiver.close();
      await running.beforeApplicationShutdown();
      receiver = await Receiver.start();
    }
  });
});

describe('its settings', () => {
  it.each([
    ['http://witness.example/', /TIDEGATE_AUDIT_ANCHOR_URL must be an https URL/],
    ['https://user:pw@witness.example/', /TIDEGATE_AUDIT_ANCHOR_URL must be an https URL/],
  ])('refuse %s', (url, text) => expect(() => config(url)).toThrow(text));

  it('refuse a secret that is none, and say how to make one', async () => {
    const file = join(folder, 'short');
    await writeFile(file, 'whsec_short');
    await expect(openWebhookSink(config(undefined, file), Logger.silent())).rejects.toThrow(
      /openssl rand/,
    );
    const missing = openWebhookSink(config(undefined, join(folder, 'none')), Logger.silent());
    await expect(missing).rejects.toThrow(/ENOENT/);
    const without = Config.read({ TIDEGATE_AUDIT_ANCHOR_URL: 'https://witness.example/x' });
    await expect(openWebhookSink(without, Logger.silent())).rejects.toThrow(/needs/);
  });
});
