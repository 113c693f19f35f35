/** A real mail server that keeps what it is sent: mailpit, with STARTTLS, a password and failures on demand. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { authority } from './certificates.js';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';
import { goProgram } from './go-program.js';

export const mailpitProgram = () =>
  goProgram({
    name: 'mailpit',
    package: 'github.com/axllent/mailpit',
    variable: 'MAILPIT_PROGRAM',
  });

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
}

export interface Mailpit {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Of the authority that signed its certificate, for `localhost`. */
  readonly ca: string;
  received(to: string): Promise<ReceivedMail[]>;
  /** From now on recipients are answered so; null: as usual. */
  answerRecipients(reply: number | null): Promise<void>;
  stop(): Promise<void>;
}

export async function startMailpit(
  program: string,
  options: { readonly withoutTls?: boolean } = {},
): Promise<Mailpit> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-mailpit-'));
  const [port, web] = [await freePort(), await freePort()];
  const [user, password] = ['tidegate', 'password-of-the-mail-server'];
  const ours = authority();
  const { cert, key } = ours.issue(['localhost', '127.0.0.1']);
  const file = (name: string) => join(folder, name);
  await writeFile(file('cert.pem'), cert);
  await writeFile(file('key.pem'), key, { mode: 0o600 });
  await writeFile(file('users'), `${user}:${password}\n`);
  const tls = [
    '--smtp-tls-cert',
    file('cert.pem'),
    '--smtp-tls-key',
    file('key.pem'),
    '--smtp-require-starttls',
  ];
  const child = spawn(
    program,
    [
      ['--listen', `127.0.0.1:${web}`, '--smtp', `127.0.0.1:${port}`],
      options.withoutTls ? ['--smtp-auth-allow-insecure'] : tls,
      ['--smtp-auth-file', file('users'), '--enable-chaos', '--disable-version-check'],
      ['--database', file('mails.db')],
    ].flat(),
    { stdio: 'ignore' },
  );
  const api = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${web}${path}`, init);
  await eventually(async () => expect((await api('/readyz')).status).toBe(200));
  return {
    port,
    user,
    password,
    ca: ours.cert,
    received: (to) => received(api, to),
    answerRecipients: async (reply) => {
      const Recipient = { Probability: reply === null ? 0 : 100, ErrorCode: reply ?? 451 };
      await api('/api/v1/chaos', { method: 'PUT', body: JSON.stringify({ Recipient }) });
    },
    stop: async () => {
      const exited = once(child, 'exit');
      child.kill();
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Address {
  readonly Name: string;
  readonly Address: string;
}

interface Message {
  readonly From: Address;
  readonly To: readonly Address[];
  readonly Subject: string;
  readonly Text: string;
  readonly HTML: string;
}

type Api = (path: string) => Promise<Response>;

async function received(api: Api, to: string): Promise<ReceivedMail[]> {
  const query = encodeURIComponent(`to:"${to}"`);
  const found = (await (await api(`/api/v1/search?query=${query}`)).json()) as {
    messages: { ID: string }[];
  };
  return Promise.all(
    found.messages.map(async ({ ID }) => {
      const message = (await (await api(`/api/v1/message/${ID}`)).json()) as Message;
      const headers = await (await api(`/api/v1/message/${ID}/headers`)).json();
      return {
        from: `${message.From.Name} <${message.From.Address}>`,
        to: message.To.map(({ Address }) => Address),
        subject: message.Subject,
        text: message.Text,
        html: message.HTML,
        headers: headers as ReceivedMail['headers'],
      };
    }),
  );
}
