import {
  type ChannelBench,
  channelKindConformance,
  send,
  type Shown,
} from '../../../test/support/conformance/channel-kind.js';
import { authority } from '../../../test/support/certificates.js';
import { shownBySlack, shownByTeams } from '../../../test/support/chat-stand-ins.js';
import { someMessage } from '../../../test/support/notifications-rig.js';
import { hang, Receiver } from '../../../test/support/receiver.js';
import { limits } from '../../kernel/limits.js';
import { notificationLimits } from '../../kernel/notification-limits.js';
import { Logger } from '../../platform/logging/logger.js';
import { GuardedFetch } from '../../platform/outbound/guarded-fetch.js';
import { OpenedDestinations } from '../../platform/outbound/opened-destinations.js';
import type { ChannelPorts } from './channel-kind.js';
import { channelKinds } from './channel-kinds.js';
import { mailLimitReached, mailOff } from './mail.errors.js';
import type { WrittenMail } from './mail/mailer.js';

const PATH = '/services/T0/B0/canary-7f3a';
const HTTP_KINDS = ['webhook', 'slack', 'teams'];
const ours = authority();
let receiver: Receiver;
let ports: ChannelPorts;
const mails: WrittenMail[] = [];
const lines: { readonly facts: object; readonly text: string }[] = [];

beforeAll(async () => {
  receiver = await Receiver.start(ours.issue(['hooks.example.com']));
  ports = {
    fetch: guarded(receiver),
    mail: async (more) => void mails.push(...more),
    line: (facts, text) => void lines.push({ facts, text }),
  };
});
beforeEach(() => {
  receiver.answer = () => ({});
});
afterAll(() => receiver?.close());

const guarded = ({ port }: Receiver, deadlineMs?: number) =>
  new GuardedFetch({
    opened: OpenedDestinations.parse(`hooks.example.com:${port}`),
    log: Logger.silent(),
    resolve: async () => ['127.0.0.1'],
    ca: ours.cert,
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  });
const address = () => receiver.url(PATH, 'hooks.example.com');

/** A kind with what it needs to lead to this test. */
function bench(kind: string): ChannelBench {
  const params = {
    webhook: { url: receiver.url('/in', 'hooks.example.com') },
    email: { to: ['ada@example.org'] },
  };
  const secrets = {
    webhook: { authorization: 'Bearer canary-7f3a' },
    slack: { url: address() },
    teams: { url: address() },
  };
  return {
    kind: channelKinds.get(kind),
    params: params[kind as keyof typeof params] ?? {},
    secrets: secrets[kind as keyof typeof secrets] ?? {},
    ports,
    shown: SHOWN[kind]!,
  };
}

const last = () => receiver.bodies.at(-1)!;
const SHOWN: Readonly<Record<string, () => Shown>> = {
  slack: () => shownBySlack(last()),
  teams: () => shownByTeams(last()),
  webhook: () => {
    const { title, text, link } = last() as { title: string; text: string; link: string | null };
    // Programs read it; what they show is theirs. Harmful characters are for them to see, as JSON.
    return { texts: [clean(title), clean(text)], link };
  },
  email: () => {
    const { subject, text, html } = mails.at(-1)!;
    expect(subject).not.toMatch(/[\r\n]/);
    const tags = [...html!.matchAll(/<[^>]*>/g)].map(([tag]) => tag);
    const allowed =
      /^<(!doctype html|html lang="en"|\/?(html|body|p|table|tr|td|th)|br|th align="left"|a href="https:\/\/[^"<>]+"|\/a)>$/;
    expect(tags.filter((tag) => !allowed.test(tag))).toEqual([]);
    const href = /<a href="([^"]+)">/.exec(html!)?.[1] ?? null;
    return { texts: [subject, text], link: href };
  },
  console: () => {
    const { facts, text } = lines.at(-1)!;
    const { text: words, link } = facts as { text: string; link: string | null };
    expect(text).not.toMatch(/[\r\n]/);
    return { texts: [text, words], link };
  },
};

function clean(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, ' ');
}

it('has a bench here for every kind', () => {
  expect(Object.keys(SHOWN).sort()).toEqual([...channelKinds.kinds].sort());
});

for (const kind of channelKinds.kinds) channelKindConformance(kind, () => bench(kind));

describe.each(HTTP_KINDS)('%s', (kind) => {
  const outcome = async (said: Parameters<Receiver['answer']>[0] | object) => {
    receiver.answer = () => said;
    const { outcome, status, reason } = await send(bench(kind), someMessage());
    return [outcome, status, reason];
  };

  it('reads an answer as one that may be otherwise later, or never', async () => {
    expect(await outcome({ status: 204 })).toEqual(['taken', 204, null]);
    expect(await outcome({ status: 410 })).toEqual(['gone', 410, 'status-410']);
    for (const status of [400, 413, 415, 422]) {
      expect(await outcome({ status })).toEqual(['refused', status, `status-${status}`]);
    }
    for (const status of [401, 403, 404, 408, 425, 429, 500, 503]) {
      expect(await outcome({ status })).toEqual(['later', status, `status-${status}`]);
    }
  });

  it('follows no redirect, waits for nobody and reads no more than 64 KiB', async () => {
    const location = receiver.url('/elsewhere', 'hooks.example.com');
    const before = receiver.received.length;
    expect(await outcome({ status: 307, headers: { location } })).toEqual([
      'later',
      307,
      'outbound-answer-unusable: redirect',
    ]);
    expect(receiver.received.length - before).toBe(1);
    expect(await outcome({ body: 'x'.repeat(limits.outboundAnswerBytes + 1) })).toEqual([
      'later',
      200,
      'outbound-answer-unusable: too-large',
    ]);
    receiver.answer = hang;
    const impatient = { ...ports, fetch: guarded(receiver, 100) };
    const late = await send({ ...bench(kind), ports: impatient }, someMessage());
    expect(late).toMatchObject({ outcome: 'later', reason: 'outbound-unreachable: late' });
  });

  it('hears how long to wait, and keeps the beginning of what is said', async () => {
    const body = `\u001b[31m${'no '.repeat(2_000)}`;
    receiver.answer = () => ({ status: 503, headers: { 'retry-after': '30' }, body });
    const receipt = await send(bench(kind), someMessage());
    expect(receipt.retryAfterMs).toBe(30_000);
    expect(receipt.answer).toHaveLength(notificationLimits.deliveryAnswerCharacters);
    expect(receipt.answer).not.toContain('\u001b');
    receiver.answer = () => ({ status: 503, headers: { 'retry-after': 'Fri, 31 Dec 1999' } });
    expect(await send(bench(kind), someMessage())).toMatchObject({ retryAfterMs: null });
  });

  it('is taken to nobody whose certificate is not valid', async () => {
    const other = await Receiver.start(authority().issue(['hooks.example.com']));
    try {
      const url = other.url('/', 'hooks.example.com');
      const { secrets, params, ...rest } = bench(kind);
      const there =
        kind === 'webhook' ? { params: { url }, secrets } : { params, secrets: { url } };
      const fetch = guarded(other);
      const receipt = await send({ ...rest, ...there, ports: { ...ports, fetch } }, someMessage());
      expect(receipt.reason).toBe('outbound-unreachable: certificate');
      expect(other.received).toEqual([]);
    } finally {
      await other.close();
    }
  });
});

describe('e-mail', () => {
  it('goes to each address of the channel, or to the one person that is named', async () => {
    const before = mails.length;
    const both = { ...bench('email'), params: { to: ['ada@example.org', 'bob@example.org'] } };
    await send(both, someMessage());
    await send(both, someMessage(), { recipient: 'eve@example.org' });
    expect(mails.slice(before).map(({ to, kind }) => [to, kind])).toEqual([
      ['ada@example.org', 'notification'],
      ['bob@example.org', 'notification'],
      ['eve@example.org', 'notification'],
    ]);
  });

  it('waits where the mailer has a reason to, and needs one at all', async () => {
    const failing = (error: Error) => ({
      ...bench('email'),
      ports: { ...ports, mail: () => Promise.reject(error) },
    });
    expect(await send(failing(mailLimitReached('tenant')), someMessage())).toMatchObject({
      outcome: 'later',
      reason: 'mail-limit-reached',
      retryAfterMs: 600_000,
    });
    expect(await send(failing(mailOff()), someMessage())).toMatchObject({ outcome: 'later' });
    const { check } = channelKinds.get('email');
    expect(() => check!({}, {}, { isMailOn: false })).toThrow('sends no mail');
    expect(() => check!({}, {}, { isMailOn: true })).not.toThrow();
  });

  it('says what its HTML says in the words of whoever has written it', async () => {
    await send(bench('email'), someMessage({ html: '<p>Written.</p>' }));
    expect(mails.at(-1)!.html).toContain('<p>Written.</p><table>');
  });
});
