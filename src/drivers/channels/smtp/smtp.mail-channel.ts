import { createTransport, type Transporter } from 'nodemailer';
import { OutsidePort, type OutsideObserver } from '../../../platform/outside/outside-port.js';
import { checkMailAddress, oneLine } from '../mail-address.js';
import { MailRefused, type Mail, type MailChannel } from '../mail-channel.js';
import { mailUnavailable } from '../mail.errors.js';

export interface SmtpOptions {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte (smtps); else STARTTLS. */
  readonly isSecure: boolean;
  /** Without it a server that offers no STARTTLS gets the mail, and the password, in clear. */
  readonly requiresTls: boolean;
  readonly user: string | null;
  readonly password: string | null;
  readonly from: { readonly name: string; readonly address: string };
  /** Certificates of authorities, as PEM, in place of those that this process trusts. */
  readonly ca?: string;
}

export interface SmtpTimes {
  readonly stepMs: number;
  readonly deadlineMs: number;
  readonly openMs: number;
}

/** For one answer of the server, and for all of a mail. */
const usual: SmtpTimes = { stepMs: 10_000, deadlineMs: 30_000, openMs: 15_000 };

/** A server that speaks SMTP, behind a deadline and a circuit breaker. A connection for each mail. */
export class SmtpMailChannel implements MailChannel {
  readonly isOn = true;
  private readonly transport: Transporter;
  private readonly port: OutsidePort;

  constructor(
    private readonly options: SmtpOptions,
    observer: OutsideObserver,
    times: SmtpTimes = usual,
  ) {
    this.transport = createTransport(transportOptions(options, times));
    const { deadlineMs, openMs } = times;
    const isAway = (error: unknown) => !(error instanceof MailRefused);
    this.port = new OutsidePort({ deadlineMs, openMs, isAway, away: mailUnavailable, observer });
  }

  async send({ to, subject, text, html }: Mail, id: string): Promise<void> {
    const { from } = this.options;
    const [, domain = 'localhost'] = from.address.split('@');
    const message = {
      // As parts: nothing of it is parsed for names, lists or groups.
      from,
      to: { name: '', address: checkMailAddress(to) },
      envelope: { from: from.address, to: [to] },
      subject: oneLine(subject),
      text,
      ...(html === undefined ? {} : { html }),
      messageId: `<${id}@${domain}>`,
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
      disableFileAccess: true,
      disableUrlAccess: true,
    };
    await this.port.call(async () => {
      try {
        await this.transport.sendMail(message);
      } catch (error) {
        throw toldError(error);
      }
    });
  }
}

function transportOptions(options: SmtpOptions, { stepMs }: SmtpTimes) {
  const { host, port, isSecure, requiresTls, user, password, ca } = options;
  return {
    host,
    port,
    secure: isSecure,
    requireTLS: requiresTls && !isSecure,
    ...(user === null ? {} : { auth: { user, pass: password ?? '' } }),
    tls: {
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2' as const,
      ...(ca === undefined ? {} : { ca }),
    },
    connectionTimeout: stepMs,
    greetingTimeout: stepMs,
    socketTimeout: stepMs,
    dnsTimeout: stepMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** What a server says to one mail. To us (no password, no TLS, too busy) it may say otherwise later. */
const TO_THE_MAIL: ReadonlySet<string> = new Set(['EENVELOPE', 'EMESSAGE']);

function toldError(error: unknown): Error {
  const { code = 'unknown', responseCode = 0 } = error as { code?: string; responseCode?: number };
  const isToUs = responseCode === 530 || responseCode === 535;
  if (TO_THE_MAIL.has(code) && responseCode >= 500 && !isToUs) return new MailRefused(responseCode);
  // The library's own words quote addresses and what the server says.
  return mailUnavailable(new Error(`${code} ${responseCode || ''}`.trim()));
}
