/** A process that dies when a mail server has taken a mail, and before it could write that down. */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { withClient } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { Tidegate } from '../support/tidegate.js';

/** Takes every mail and keeps it; answers that it has when `answer` says so. */
class TakingMailServer {
  readonly taken: string[] = [];
  answer: () => Promise<boolean> = () => Promise.resolve(true);
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  constructor() {
    this.server = createServer((socket) => this.serve(socket));
  }

  async listen(): Promise<string> {
    await new Promise<void>((done) => this.server.listen(0, '127.0.0.1', done));
    return `smtp://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.write('220 ready\r\n');
    let text = '';
    let isData = false;
    socket.on('data', (chunk) => {
      text += chunk.toString();
      for (;;) {
        const end = text.indexOf(isData ? '\r\n.\r\n' : '\r\n');
        if (end < 0) return;
        const part = text.slice(0, end);
        text = text.slice(end + (isData ? 5 : 2));
        if (isData) void this.take(socket, part);
        else socket.write(part === 'DATA' ? '354 go on\r\n' : '250 fine\r\n');
        isData = part === 'DATA';
      }
    });
  }

  private async take(socket: Socket, mail: string): Promise<void> {
    this.taken.push(mail);
    if (await this.answer()) socket.write('250 taken\r\n');
  }
}

const server = new TakingMailServer();
let tidegate: Tidegate;
beforeAll(async () => {
  tidegate = await Tidegate.start({
    isProcess: true,
    environment: {
      TIDEGATE_SMTP_URL: await server.listen(),
      TIDEGATE_MAIL_FROM: 'no-reply@tidegate.example',
      TIDEGATE_PUBLIC_URL: 'https://tidegate.example',
    },
  });
}, 120_000);
afterAll(async () => {
  await tidegate?.stop();
  server.close();
});

const sql = <Row>(text: string) =>
  withClient(
    tidegate.database.superuser,
    async (client) => (await client.query(text)).rows as Row[],
  );
const idOf = (mail: string) => /^Message-ID: (.+)$/im.exec(mail)?.[1];

it('sends a mail again that was taken as it died, under the same id, and then no more', async () => {
  server.answer = async () => {
    server.answer = () => Promise.resolve(true);
    await tidegate.kill();
    return false;
  };
  const client = await tidegate.client();
  const invitation = { email: 'ada@example.org', roles: [{ role: 'Viewer' }] };
  expect((await client.post('/users/invitations', invitation)).status).toBe(201);
  await eventually(() => expect(server.taken).toHaveLength(1));
  const left = await sql(`select state, attempts from mail_outbox`);
  expect(left).toEqual([{ state: 'waiting', attempts: 1 }]);
  await tidegate.restart();
  // Leased for as long as a turn may take: nobody sends what another one does.
  await sql('update mail_outbox set due_at = clock_timestamp()');
  await eventually(async () => {
    expect(await sql('select state, attempts from mail_outbox')).toEqual([
      { state: 'sent', attempts: 2 },
    ]);
  });
  expect(server.taken).toHaveLength(2);
  expect(idOf(server.taken[1]!)).toBe(idOf(server.taken[0]!));
  expect(idOf(server.taken[0]!)).toMatch(/^<.+@.+>$/);
}, 120_000);
