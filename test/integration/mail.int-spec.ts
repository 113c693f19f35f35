import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type AddressInfo, type Server } from 'node:net';
import type { MailChannel } from '../../src/drivers/channels/mail-channel.js';
import { MailSender } from '../../src/drivers/channels/mail/mail-sender.js';
import {
  invitationMail,
  passwordResetMail,
} from '../../src/drivers/channels/mail/mail-templates.js';
import { Mailer, type WrittenMail } from '../../src/drivers/channels/mail/mailer.js';
import { noMailChannel } from '../../src/drivers/channels/none/none.mail-channel.js';
import {
  SmtpMailChannel,
  type SmtpOptions,
} from '../../src/drivers/channels/smtp/smtp.mail-channel.js';
import { Config } from '../../src/platform/config/config.js';
import { Context } from '../../src/platform/context.js';
import { Database } from '../../src/platform/database/database.js';
import { Logger } from '../../src/platform/logging/logger.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { silentObserver } from '../../src/platform/outside/outside-port.js';
import { KeySealer } from '../../src/platform/sealing/key-sealer.js';
import { mailChannelConformance } from '../support/conformance/mail-channel.js';
import { freshDatabase, withClient, type TestDatabase } from '../support/database.js';
import { FakeMailChannel } from '../support/fake-mail-channel.js';
import { mailpitProgram, startMailpit, type Mailpit } from '../support/mailpit.js';
import { quietEvents } from '../support/quiet-events.js';

const program = await mailpitProgram();
const withMailpit = program === undefined ? describe.skip : describe;
const times = { stepMs: 5_000, deadlineMs: 10_000, openMs: 10 };
const from = { name: 'Tidegate', address: 'no-reply@tidegate.example' };

function channelTo(server: Pick<Mailpit, 'port'>, more: Partial<SmtpOptions> = {}): MailChannel {
  const options = {
    host: 'localhost',
    port: server.port,
    isSecure: false,
    requiresTls: true,
    from,
  };
  return new SmtpMailChannel(
    { ...options, user: null, password: null, ...more },
    silentObserver,
    times,
  );
}

withMailpit('a mail server', () => {
  let mailpit: Mailpit;
  const signedIn = () => ({ user: mailpit.user, password: mailpit.password, ca: mailpit.ca });
  const mail = { to: 'ada@example.org', subject: 'Hello', text: 'A text.' };
  const causeOf = async (sending: Promise<void>) =>
    sending.then(
      () => 'sent',
      (error: Error) => (error.cause as Error | undefined)?.message ?? error.message,
    );
  beforeAll(async () => {
    mailpit = await startMailpit(program!);
  });
  afterAll(() => mailpit?.stop());

  mailChannelConformance('SMTP', () => ({
    channel: channelTo(mailpit, signedIn()),
    arrived: (to) => mailpit.received(to),
    answer: (reply) => mailpit.answerRecipients(reply),
  }));

  it('gets a mail over STARTTLS, with the same id when it comes again', async () => {
    const channel = channelTo(mailpit, signedIn());
    await channel.send({ ...mail, to: 'again@example.org' }, 'id-1');
    await channel.send({ ...mail, to: 'again@example.org' }, 'id-1');
    const arrived = await mailpit.received('again@example.org');
    expect(arrived.map(({ headers }) => headers['Message-Id'] ?? headers['Message-ID'])).toEqual([
      ['<id-1@tidegate.example>'],
      ['<id-1@tidegate.example>'],
    ]);
    expect(arrived[0]).toMatchObject({
      from: 'Tidegate <no-reply@tidegate.example>',
      to: ['again@example.org'],
      headers: { 'Auto-Submitted': ['auto-generated'] },
    });
  });

  it('gets nothing with a wrong password, or by a certificate that nobody here trusts', async () => {
    const wrong = channelTo(mailpit, { ...signedIn(), password: 'wrong' }).send(mail, 'x');
    expect(await causeOf(wrong)).toBe('EAUTH 535');
    const untrusted = channelTo(mailpit, { ...signedIn(), ca: undefined }).send(mail, 'x');
    expect(await causeOf(untrusted)).toMatch(/^(ESOCKET|ETLS|.*CERT.*)/);
    expect(await mailpit.received(mail.to)).toEqual([]);
  });

  it('gets neither mail nor password in clear, unless the operator has said so', async () => {
    const clear = await startMailpit(program!, { withoutTls: true });
    try {
      expect(await causeOf(channelTo(clear, signedIn()).send(mail, 'x'))).toMatch(/^ETLS/);
      expect(await clear.received(mail.to)).toEqual([]);
      await channelTo(clear, { ...signedIn(), requiresTls: false }).send(mail, 'x');
      expect(await clear.received(mail.to)).toHaveLength(1);
    } finally {
      await clear.stop();
    }
  });

  it('that is dead or says nothing costs a moment, then nothing', async () => {
    const silent: Server = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const quick = { stepMs: 100, deadlineMs: 300, openMs: 60_000 };
    const options = { host: '127.0.0.1', isSecure: false, requiresTls: true, from };
    let refused = 0;
    const observer = { ...silentObserver, refused: () => (refused += 1) };
    const none = { user: null, password: null };
    const channel = new SmtpMailChannel({ ...options, ...none, port }, observer, quick);
    for (let attempt = 0; attempt < 7; attempt += 1) {
      await expect(channel.send(mail, 'x')).rejects.toMatchObject({ code: 'mail-unavailable' });
    }
    expect(refused).toBe(2);
    await new Promise((resolve) => silent.close(resolve));
    const dead = channelTo({ port }, none).send(mail, 'x');
    expect(await causeOf(dead)).toBe('ESOCKET');
  });
});

const fake = new FakeMailChannel();
mailChannelConformance('The one of tests', () => ({
  channel: fake,
  arrived: async (to) => fake.sent.filter((mail) => mail.to === to),
  answer: async (reply) => void (fake.reply = reply),
}));

describe('mails on their way', () => {
  let database: TestDatabase;
  let db: Database;
  let channel: FakeMailChannel;
  let tenantId: string;
  const sealer = new KeySealer([randomBytes(32)]);
  const config = Config.read({ TIDEGATE_PUBLIC_URL: 'https://tidegate.example' });
  const mailer = (by: MailChannel = channel) => new Mailer(by, sealer, config);
  const sender = () => new MailSender(db, channel, sealer, Logger.silent(), new Metrics());
  const ctx = (id = tenantId) => Context.system(id, 'test');
  const sql = <T = Record<string, unknown>>(text: string) =>
    withClient(database.superuser, async (client) => (await client.query(text)).rows as T[]);
  const link = 'https://tidegate.example/i/canary-secret-of-the-link';
  const inAnHour = () => new Date(Date.now() + 3_600_000);
  const invitation = (to = 'ada@example.org'): WrittenMail =>
    invitationMail({ to, link, goodUntil: inAnHour(), tenantName: 'Acme', inviterName: 'Bob' });
  const send = (mail: WrittenMail, id = tenantId) =>
    db.transaction(ctx(id), (open) => mailer().send(open, mail));

  beforeAll(async () => {
    database = await freshDatabase();
    const { app, system } = database;
    const pools = { poolSize: 3, systemPoolSize: 3 };
    db = await Database.open({
      app,
      system,
      ...pools,
      log: Logger.silent(),
      recorder: quietEvents(),
    });
  });
  afterAll(async () => {
    await db?.close();
    await database?.drop();
  });
  beforeEach(async () => {
    channel = new FakeMailChannel();
    tenantId = randomUUID();
    await sql('truncate mail_outbox');
  });

  it('are sent when what they are about is committed, and only then', async () => {
    const failing = db.transaction(ctx(), async (open) => {
      await mailer().send(open, invitation('nobody@example.org'));
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    await send(invitation());
    await sender().look();
    expect(channel.sent.map(({ to }) => to)).toEqual(['ada@example.org']);
    expect(channel.sent[0]!.text).toContain(link);
    await sender().look();
    expect(channel.sent).toHaveLength(1);
  });

  it('are readable nowhere but in the mail, and not even sealed when they are done with', async () => {
    await send(invitation());
    const rows = async () => JSON.stringify(await sql('select * from mail_outbox'));
    const waiting = await rows();
    expect(waiting).not.toMatch(/canary|ada|Acme|Bob/);
    await sender().look();
    expect(await sql('select state, sealed, reason from mail_outbox')).toEqual([
      { state: 'sent', sealed: null, reason: null },
    ]);
  });

  it('wait while the server is away, survive a restart and come in the end', async () => {
    await send(invitation());
    channel.reply = 451;
    await sender().look();
    await sender().look();
    const [row] = await sql(
      `select state, attempts, reason, due_at > clock_timestamp() as "isLater" from mail_outbox`,
    );
    expect(row).toEqual({ state: 'waiting', attempts: 1, reason: '451', isLater: true });
    channel.reply = null;
    await sql('update mail_outbox set due_at = clock_timestamp()');
    await sender().look();
    expect(channel.sent).toHaveLength(1);
  });

  it('are given up when the server will never take them, or when their link is over', async () => {
    await send(invitation());
    await send({ ...invitation('late@example.org'), goodUntil: new Date(Date.now() - 1_000) });
    channel.reply = 550;
    await sender().look();
    expect(await sql('select state, sealed from mail_outbox order by state')).toEqual([
      { state: 'dropped', sealed: null },
      { state: 'failed', sealed: null },
    ]);
  });

  it('are sent once by several processes', async () => {
    for (let at = 0; at < 8; at += 1) await send(invitation(`person-${at}@example.org`));
    await Promise.all([sender().look(), sender().look(), sender().look()]);
    expect(channel.sent).toHaveLength(8);
  });

  it('are five an hour to one address, also for many who ask at once, of many tenants', async () => {
    const tenants = Array.from({ length: 12 }, () => randomUUID());
    await Promise.all(tenants.map((id) => send(invitation('Victim@example.org'), id)));
    await Promise.all([sender().look(), sender().look()]);
    await sender().look();
    expect(channel.sent).toHaveLength(5);
    const dropped = await sql(`select 1 from mail_outbox where state = 'dropped'`);
    expect(dropped).toHaveLength(7);
    await sql(`update mail_outbox set created_at = created_at - interval '61 minutes'`);
    await send(invitation('victim@example.org'));
    await sender().look();
    expect(channel.sent).toHaveLength(6);
  });

  it('are counted by kind: who is invited by many still gets a link for a new password', async () => {
    const tenants = Array.from({ length: 8 }, () => randomUUID());
    for (const id of tenants) await send(invitation('victim@example.org'), id);
    const reset = passwordResetMail({ to: 'victim@example.org', link, goodUntil: inAnHour() });
    await db.system((tx) => mailer().sendAsSystem(tx, tenantId, reset));
    await sender().look();
    await sender().look();
    const subjects = channel.sent.map(({ subject }) => subject);
    expect(subjects.filter((subject) => subject.includes('Invitation'))).toHaveLength(5);
    expect(subjects).toContain('Reset your Tidegate password');
  });

  it('are refused to whoever sends too many, with a word about which limit it was', async () => {
    for (let at = 0; at < 5; at += 1) await send(invitation());
    const sixth = send(invitation('ADA@example.org'));
    await expect(sixth).rejects.toMatchObject({
      code: 'mail-limit-reached',
      details: { per: 'address' },
    });
    await sql(`insert into mail_outbox (tenant_id, id, kind, recipient, sealed, good_until)
      select '${tenantId}', gen_random_uuid(), 'x', n::text, 'x', now() from generate_series(1, 300) n`);
    const more = send(invitation('other@example.org'));
    await expect(more).rejects.toMatchObject({
      code: 'mail-limit-reached',
      details: { per: 'tenant' },
    });
  });

  it('are queued for people of no tenant, too, and by nobody in another tenant’s name', async () => {
    const reset = passwordResetMail({ to: 'eve@example.org', link, goodUntil: inAnHour() });
    await db.system((tx) => mailer().sendAsSystem(tx, tenantId, reset));
    const foreign = db.transaction(ctx(randomUUID()), (open) =>
      open.tx.execute(
        `insert into mail_outbox (tenant_id, id, kind, recipient, sealed, good_until)
         values ($1, gen_random_uuid(), 'x', 'x', 'x', now())`,
        [tenantId],
      ),
    );
    await expect(foreign).rejects.toThrow(/row-level security/);
    const reading = db.transaction(ctx(), (open) =>
      open.tx.query('select sealed from mail_outbox'),
    );
    await expect(reading).rejects.toThrow(/permission denied/);
    await sender().look();
    expect(channel.sent.map(({ to }) => to)).toEqual(['eve@example.org']);
  });

  it('open in their own row only', async () => {
    await send(invitation('a@example.org'));
    await send(invitation('b@example.org'));
    await sql(`update mail_outbox m set sealed = o.sealed from mail_outbox o where o.id <> m.id`);
    await sender().look();
    expect(channel.sent).toEqual([]);
    const [row] = await sql<{ reason: string }>('select reason from mail_outbox limit 1');
    expect(row!.reason).toContain('does not open');
  });

  it('go after a week, those that wait stay', async () => {
    await send(invitation('a@example.org'));
    await sender().look();
    await send(invitation('b@example.org'));
    await sql(
      `update mail_outbox set done_at = done_at - interval '8 days', due_at = due_at + interval '1 hour'`,
    );
    await sender().look();
    expect(await sql('select state from mail_outbox')).toEqual([{ state: 'waiting' }]);
  });

  it('are none where no server is named', async () => {
    const off = mailer(noMailChannel);
    expect([off.isOn, mailer().isOn]).toEqual([false, true]);
    const sending = db.transaction(ctx(), (open) => off.send(open, invitation()));
    await expect(sending).rejects.toMatchObject({ code: 'mail-off' });
  });
});
