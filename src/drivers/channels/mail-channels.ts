import { readFile } from 'node:fs/promises';
import { ConfigError } from '../../platform/config/config-error.js';
import { isLoopback, type Config } from '../../platform/config/config.js';
import type { OutsideObserver } from '../../platform/outside/outside-port.js';
import type { MailChannel } from './mail-channel.js';
import { noMailChannel } from './none/none.mail-channel.js';
import { SmtpMailChannel } from './smtp/smtp.mail-channel.js';

const PORTS = { 'smtp:': 587, 'smtps:': 465 } as const;

/** As the operator has set it. Throws ConfigError. */
export async function openMailChannel(
  config: Config,
  observer: OutsideObserver,
): Promise<MailChannel> {
  const { smtpUrl, from, passwordFile, tls } = config.mail;
  if (smtpUrl === null || from === null) return noMailChannel;
  const url = new URL(smtpUrl);
  const protocol = url.protocol as keyof typeof PORTS;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const password = passwordFile === null ? decoded(url.password) : await readPassword(passwordFile);
  return new SmtpMailChannel(
    {
      host,
      port: Number(url.port) || PORTS[protocol],
      isSecure: protocol === 'smtps:',
      requiresTls: tls === 'required' && !isLoopback(host),
      user: url.username === '' ? null : decoded(url.username),
      password,
      from,
    },
    observer,
  );
}

function decoded(part: string): string {
  return decodeURIComponent(part);
}

async function readPassword(file: string): Promise<string> {
  const place = `TIDEGATE_SMTP_PASSWORD_FILE (${file})`;
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError([
      `${place} cannot be read (${error.code ?? 'unknown error'}): check the path and its rights.`,
    ]);
  });
  const password = text.replace(/\r?\n$/, '');
  if (password === '') throw new ConfigError([`${place} must hold a password; it is empty.`]);
  return password;
}
