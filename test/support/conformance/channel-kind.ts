import type {
  ChannelKind,
  ChannelPorts,
  Delivery,
  Receipt,
} from '../../../src/drivers/channels/channel-kind.js';
import { boundedMessage, type Message } from '../../../src/drivers/channels/message.js';
import { newId } from '../../../src/kernel/ids.js';
import { someMessage } from '../notifications-rig.js';

export interface Shown {
  /** In order: title, text, facts. */
  readonly texts: readonly string[];
  readonly link: string | null;
}

export interface ChannelBench {
  readonly kind: ChannelKind;
  readonly params: object;
  readonly secrets: object;
  readonly ports: ChannelPorts;
  /** The last that has come, as people are shown it; throws for what the other side would refuse. */
  shown(): Shown;
}

/** What names may hold; each is markup, a mention, an escape or a line break somewhere. */
const HOSTILE = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<!channel> <@U012> <https://evil.example|here>',
  '[here](https://evil.example) *bold* _it_ ~no~ `code` # head',
  '<at>everyone</at> &lt;b&gt; &amp;',
  '"; --> ]]> ${x} {{y}} \\" \\',
  '1. list\n- item\n> quote',
  'red \u001b[31m \u0007 bell',
  'left \u202e right \u2066 turned \u2028 line',
  'forged\r\n{"level":"error","message":"forged"}',
];
/** What nobody may be sent as it is. */
const HARMFUL =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

export function send(
  { kind, params, secrets, ports }: ChannelBench,
  message: Message,
  more: Partial<Delivery> = {},
): Promise<Receipt> {
  return kind.send(
    message,
    {
      id: newId(),
      tenantId: newId(),
      channelId: newId(),
      attempt: 1,
      at: new Date('2026-05-04T09:12:33Z'),
      params: kind.params.parse(params),
      secrets: kind.secretParams.parse(secrets),
      signingSecrets: [],
      recipient: null,
      signal: AbortSignal.timeout(5_000),
      ...more,
    },
    ports,
  );
}

/** What every kind of channel must do. */
export function channelKindConformance(title: string, bench: () => ChannelBench): void {
  describe(`${title}, as a kind of channel`, () => {
    it('takes what it needs and nothing else', () => {
      const { kind, params, secrets } = bench();
      expect(kind.params.safeParse({ ...params, more: 1 }).success).toBe(false);
      expect(kind.secretParams.safeParse({ ...secrets, more: 1 }).success).toBe(false);
    });

    it('shows where it leads without what is secret of it', () => {
      const { kind, params, secrets } = bench();
      const place = kind.place(params, secrets) ?? '';
      for (const secret of Object.values(secrets)) expect(place).not.toContain(secret);
      expect(place).not.toContain('canary');
    });

    it('brings title and text', async () => {
      const message = someMessage({ text: 'The gate of wave 1 was unstable.' });
      expect(await send(bench(), message)).toMatchObject({ outcome: 'taken', reason: null });
      const { texts, link } = bench().shown();
      expect(texts.join('\n')).toContain('orders 2.1.0 has failed in Production');
      expect(texts.join('\n')).toContain('The gate of wave 1 was unstable.');
      expect(link).toBe(message.link);
    });

    it('goes without text, link and facts', async () => {
      const bare = someMessage({ text: '', link: null, fields: [] });
      expect(await send(bench(), bare)).toMatchObject({ outcome: 'taken' });
      expect(bench().shown().link).toBeNull();
    });

    it.each(HOSTILE)('shows %j as text', async (words) => {
      const message = boundedMessage(
        someMessage({ title: words, text: words, fields: [{ name: words, value: words }] }),
      );
      expect(await send(bench(), message)).toMatchObject({ outcome: 'taken' });
      const shown = bench().shown().texts.join('\n');
      expect(shown).not.toMatch(HARMFUL);
      // Letter for letter, but for what is taken out of it for terminals.
      const kept = words.split(/[^\x20-\x7e]+/).filter((part) => part.trim() !== '');
      for (const part of kept) expect(shown).toContain(part.trim());
    });

    it('cuts what is longer than the other side takes', async () => {
      const long = (count: number) => '<&*'.repeat(count / 3);
      const fields = Array.from({ length: 40 }, () => ({ name: long(300), value: long(3_000) }));
      const message = someMessage({ title: long(900), text: long(30_000), fields });
      expect(await send(bench(), boundedMessage(message))).toMatchObject({ outcome: 'taken' });
      expect(bench().shown().texts.length).toBeGreaterThan(0);
    });
  });
}
