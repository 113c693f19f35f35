import {
  MailRefused,
  type Mail,
  type MailChannel,
} from '../../../src/drivers/channels/mail-channel.js';
import { newId } from '../../../src/kernel/ids.js';

export interface MailChannelBench {
  readonly channel: MailChannel;
  /** What has arrived for this address. */
  arrived(to: string): Promise<readonly Pick<Mail, 'subject' | 'text' | 'html'>[]>;
  /** From now on the other side answers so: 451, 550; null: as usual. */
  answer(reply: number | null): Promise<void>;
}

let addresses = 0;
const somebody = () => `person-${(addresses += 1)}@example.org`;

/** What every channel for mails must do. */
export function mailChannelConformance(title: string, bench: () => MailChannelBench): void {
  describe(`${title}, as a mail channel`, () => {
    const send = (mail: Partial<Mail> & Pick<Mail, 'to'>) =>
      bench().channel.send({ subject: 'A subject', text: 'A text.', ...mail }, newId());

    it('brings subject, text and HTML as they are', async () => {
      const to = somebody();
      const html = '<p>Grüße, <a href="https://a.example/?x=1&#38;y=2">hier</a></p>';
      await send({ to, subject: 'Grüße aus Zürich €', text: 'Grüße €\n\n.\n.dot\n', html });
      const [mail, ...more] = await bench().arrived(to);
      expect(more).toEqual([]);
      expect(mail!.subject).toBe('Grüße aus Zürich €');
      expect(mail!.text.replaceAll('\r\n', '\n').trimEnd()).toBe('Grüße €\n\n.\n.dot');
      expect(mail!.html!.trim()).toBe(html);
    });

    it('lets nobody write a header or another recipient', async () => {
      const [to, victim] = [somebody(), somebody()];
      const breaks = ['\r\n', '\n', '\r', '\u0000', '\u2028', '\u0085'];
      for (const end of breaks) {
        await send({ to, subject: `Hello${end}Bcc: ${victim}${end}${end}A body` });
      }
      const mails = await bench().arrived(to);
      expect(mails).toHaveLength(breaks.length);
      for (const { subject, text } of mails) {
        expect(subject).toBe(`Hello Bcc: ${victim} A body`);
        expect(text.trim()).toBe('A text.');
      }
      expect(await bench().arrived(victim)).toEqual([]);
    });

    it.each([
      'a@example.org,b@example.org',
      'a@example.org;b@example.org',
      'Name <a@example.org>',
      'group: a@example.org;',
      '"a b"@example.org',
      'a@example.org\r\nRCPT TO:<b@example.org>',
      'a@example.org\nBcc: b@example.org',
      'a@example.org>\r\nDATA',
      'a@example.org ',
      'a(comment)@example.org',
      'ä@example.org',
      '@example.org',
      'a@',
      'a@b@example.org',
      `${'a'.repeat(65)}@example.org`,
      '',
    ])('refuses %j as an address', async (to) => {
      await expect(send({ to })).rejects.toMatchObject({ code: 'mail-address-invalid' });
    });

    it('tells "later" from "never", and takes the mail afterwards', async () => {
      const to = somebody();
      await bench().answer(451);
      await expect(send({ to })).rejects.toMatchObject({ code: 'mail-unavailable' });
      await bench().answer(550);
      await expect(send({ to })).rejects.toThrow(MailRefused);
      await bench().answer(null);
      await send({ to });
      expect(await bench().arrived(to)).toHaveLength(1);
    });
  });
}
