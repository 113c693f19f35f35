import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { ConfigError } from '../../platform/config/config-error.js';
import { Config } from '../../platform/config/config.js';
import { silentObserver } from '../../platform/outside/outside-port.js';
import { openMailChannel } from './mail-channels.js';
import { noMailChannel } from './none/none.mail-channel.js';

const mail = {
  TIDEGATE_SMTP_URL: 'smtp://user%40acme:pass%2Fword@mail.example:2525',
  TIDEGATE_MAIL_FROM: 'Tidegate <no-reply@tidegate.example>',
  TIDEGATE_PUBLIC_URL: 'https://tidegate.example',
};
const open = (environment: Record<string, string>) =>
  openMailChannel(Config.read(environment), silentObserver);

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    Config.read(environment);
    return [];
  } catch (error) {
    return (error as ConfigError).problems;
  }
}

describe('the mail server of the settings', () => {
  it('is none where none is named', async () => {
    expect(await open({})).toBe(noMailChannel);
    await expect(noMailChannel.send({ to: '', subject: '', text: '' }, '')).rejects.toMatchObject({
      code: 'mail-off',
    });
  });

  it('has its user, password and port, and demands TLS but from this machine', async () => {
    expect(await open(mail)).toMatchObject({
      options: {
        host: 'mail.example',
        port: 2525,
        isSecure: false,
        requiresTls: true,
        user: 'user@acme',
        password: 'pass/word',
        from: { name: 'Tidegate', address: 'no-reply@tidegate.example' },
      },
    });
    const tls = async (url: string, more = {}) =>
      open({ ...mail, TIDEGATE_SMTP_URL: url, TIDEGATE_MAIL_FROM: 'a@b.example', ...more });
    const server = (port: number, isSecure: boolean, requiresTls: boolean) => ({
      options: {
        port,
        isSecure,
        requiresTls,
        user: null,
        from: { name: '', address: 'a@b.example' },
      },
    });
    expect(await tls('smtps://mail.example')).toMatchObject(server(465, true, true));
    expect(await tls('smtp://mail.example')).toMatchObject(server(587, false, true));
    expect(await tls('smtp://127.0.0.1:25')).toMatchObject(server(25, false, false));
    const optional = { TIDEGATE_SMTP_TLS: 'optional' };
    expect(await tls('smtp://mail.example', optional)).toMatchObject(server(587, false, false));
  });

  it('has its password from a file, without the newline at its end', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tidegate-smtp-'));
    const file = join(folder, 'password');
    const withFile = {
      ...mail,
      TIDEGATE_SMTP_URL: 'smtp://user@mail.example',
      TIDEGATE_SMTP_PASSWORD_FILE: file,
    };
    try {
      await expect(open(withFile)).rejects.toThrow(/cannot be read \(ENOENT\)/);
      await writeFile(file, '\n');
      await expect(open(withFile)).rejects.toThrow(/must hold a password/);
      await writeFile(file, 'from the file\n');
      expect(await open(withFile)).toMatchObject({ options: { password: 'from the file' } });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('is printed nowhere with its password', () => {
    const config = Config.read(mail);
    expect(JSON.stringify(config) + inspect(config)).not.toMatch(/pass|user%40/);
  });

  it('is not taken without what belongs to it', () => {
    const { TIDEGATE_SMTP_URL } = mail;
    expect(problemsOf({ TIDEGATE_SMTP_URL })).toEqual([
      'Mail needs a sender: set TIDEGATE_MAIL_FROM.',
      'Mails have links in them: set TIDEGATE_PUBLIC_URL.',
    ]);
    expect(problemsOf({ ...mail, TIDEGATE_SMTP_PASSWORD_FILE: '/x' })).toEqual([
      expect.stringContaining('two passwords'),
    ]);
    expect(problemsOf({ ...mail, TIDEGATE_SMTP_URL: 'smtp://:x@mail.example' })).toEqual([
      expect.stringContaining('no user'),
    ]);
  });

  it.each([
    ['TIDEGATE_MAIL_FROM', 'a@b.example\r\nBcc: c@d.example'],
    ['TIDEGATE_MAIL_FROM', 'a@b.example, c@d.example'],
    ['TIDEGATE_MAIL_FROM', 'nobody'],
    ['TIDEGATE_PUBLIC_URL', 'https://tidegate.example/path'],
    ['TIDEGATE_PUBLIC_URL', 'https://user:pass@tidegate.example'],
    ['TIDEGATE_PUBLIC_URL', 'javascript:alert(1)'],
    ['TIDEGATE_SMTP_URL', 'https://mail.example'],
  ])('is not made of %s=%j', (name, value) => {
    expect(problemsOf({ ...mail, [name]: value })).toEqual([expect.stringContaining(name)]);
  });

  it('has links by https in cluster mode', () => {
    const problems = problemsOf({
      TIDEGATE_MODE: 'cluster',
      TIDEGATE_PUBLIC_URL: 'http://tidegate.example',
    });
    expect(problems).toContain('TIDEGATE_PUBLIC_URL must be https in cluster mode.');
  });
});
