/** Settings about other systems that Tidegate speaks to: what may be called, and the mail server. */
import { z } from 'zod';
import { OpenedDestinations } from '../outbound/opened-destinations.js';
import { oneOf, setting, url } from './setting.js';

const opened = z.string().transform((value, context) => {
  try {
    return OpenedDestinations.parse(value);
  } catch (error) {
    const form =
      'hosts, host:port and networks separated by commas, like gitlab.internal:8443,10.20.0.0/16';
    const message = `${form}; ${(error as RangeError).message}`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  }
});

const origin = z.string().transform((value, context) => {
  const parsed = URL.canParse(value) ? new URL(value) : null;
  const isWeb = parsed !== null && /^https?:$/.test(parsed.protocol);
  if (isWeb && `${parsed.origin}/` === parsed.href) return parsed.origin;
  context.addIssue({
    code: 'custom',
    message: 'an address without a path, like https://tidegate.example',
  });
  return z.NEVER;
});

export interface Mailbox {
  readonly name: string;
  readonly address: string;
}

const mailbox = z.string().transform((value, context): Mailbox => {
  const [, name = '', inBrackets, bare] =
    /^(?:([\p{L}\p{N} .'_-]{0,80}?) *<([^<>\s]+)>|([^<>\s]+))$/u.exec(value) ?? [];
  const address = inBrackets ?? bare ?? '';
  if (/^[^@\s,;:"()[\]\\]{1,64}@[a-z0-9.-]{1,253}$/i.test(address)) return { name, address };
  context.addIssue({
    code: 'custom',
    message: 'an address like no-reply@tidegate.example, or Name <address>',
  });
  return z.NEVER;
});

export const outsideSettings = {
  outboundAllow: setting({
    env: 'TIDEGATE_OUTBOUND_ALLOW',
    group: 'Calls to other systems',
    description:
      'Hosts (`gitlab.internal`, `keycloak.internal:8443`) and networks that may be called although they are private, also by plain http and on other ports. Identity providers and webhooks are named by tenants: without this they reach public addresses by https on ports 443 and 8443 only. Whoever may name an address reaches all of a network that is opened here, so name hosts where you can. For certificates of your own authority set Node’s `NODE_EXTRA_CA_CERTS` to its PEM file. Give every process the same.',
    default: null,
    defaultNote: 'none: public addresses only',
    example: 'gitlab.internal:8443,10.20.0.0/16',
    schema: opened,
  }),
  publicUrl: setting({
    env: 'TIDEGATE_PUBLIC_URL',
    group: 'Mail',
    description:
      'Where people reach this installation, as it stands in their browsers, without a path: for links in mails, and passkeys belong to its name. https in cluster mode.',
    default: null,
    example: 'https://tidegate.example',
    schema: origin,
  }),
  smtpUrl: setting({
    env: 'TIDEGATE_SMTP_URL',
    group: 'Mail',
    description:
      'The mail server: `smtp://` with STARTTLS (port 587), `smtps://` with TLS from the start (port 465). Special characters of user and password are percent-encoded. Without it no mail is sent, and links are shown to whoever makes them. Needs TIDEGATE_MAIL_FROM and TIDEGATE_PUBLIC_URL. Its certificate must be valid; for an authority of your own set `NODE_EXTRA_CA_CERTS`. Give API and worker processes the same.',
    default: null,
    example: 'smtp://tidegate:…@mail.example:587',
    secret: true,
    schema: url(['smtp:', 'smtps:'], 'smtp://user:password@host:587'),
  }),
  smtpPasswordFile: setting({
    env: 'TIDEGATE_SMTP_PASSWORD_FILE',
    group: 'Mail',
    description:
      'A file with the password for the mail server, in place of one in TIDEGATE_SMTP_URL.',
    default: null,
    example: '/run/secrets/smtp-password',
    schema: z.string().max(1024, 'a path of at most 1024 characters'),
  }),
  smtpTls: setting({
    env: 'TIDEGATE_SMTP_TLS',
    group: 'Mail',
    description:
      '`required` sends nothing to a server without STARTTLS, except on this machine’s own loopback; `optional` sends in clear, the password too, where the server offers none.',
    default: 'required',
    example: 'optional',
    schema: oneOf(['required', 'optional']),
  }),
  mailFrom: setting({
    env: 'TIDEGATE_MAIL_FROM',
    group: 'Mail',
    description: 'The sender of mails, with or without a name.',
    default: null,
    example: 'Tidegate <no-reply@tidegate.example>',
    schema: mailbox,
  }),
};
