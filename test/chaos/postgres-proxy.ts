/** The network between one process and PostgreSQL: cut, silent, or without the reply to a COMMIT. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  /** Its COMMIT is on the way: what PostgreSQL says to it will not arrive. */
  isDoomed: boolean;
}

export class PostgresProxy {
  private readonly links = new Set<Link>();
  private isClosed = false;
  private isSilent = false;
  private commitsToSwallow = 0;

  private constructor(
    private readonly listener: Server,
    private readonly socketPath: string,
  ) {}

  static async start(socketPath: string): Promise<PostgresProxy> {
    const listener = createServer();
    const proxy = new PostgresProxy(listener, socketPath);
    listener.on('connection', (client) => proxy.join(client));
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port;
  }

  /** All connections break, and new ones break too, until `open`. */
  cut(): void {
    this.isClosed = true;
    for (const link of this.links) this.part(link);
  }

  /** Nothing gets through and nobody is told, until `open`. */
  silence(): void {
    this.isSilent = true;
    for (const { client, server } of this.links) {
      client.pause();
      server.pause();
    }
  }

  /** The next COMMIT is done, and the connection breaks before its reply. */
  swallowCommit(): void {
    this.commitsToSwallow += 1;
  }

  open(): void {
    this.isClosed = false;
    this.isSilent = false;
    this.commitsToSwallow = 0;
    for (const { client, server } of this.links) {
      client.resume();
      server.resume();
    }
  }

  async stop(): Promise<void> {
    this.listener.close();
    for (const link of this.links) this.part(link);
  }

  private join(client: Socket): void {
    if (this.isClosed) return void client.destroy();
    const server = connect(this.socketPath);
    const link: Link = { client, server, isDoomed: false };
    this.links.add(link);
    for (const socket of [client, server]) {
      socket.on('error', () => undefined);
      socket.on('close', () => this.part(link));
      socket.setNoDelay(true);
    }
    client.on('data', (chunk: Buffer) => {
      if (this.commitsToSwallow > 0 && chunk.includes('commit\0')) {
        this.commitsToSwallow -= 1;
        link.isDoomed = true;
      }
      server.write(chunk);
    });
    server.on('data', (chunk: Buffer) => {
      if (link.isDoomed) this.part(link);
      else client.write(chunk);
    });
    if (this.isSilent) {
      client.pause();
      server.pause();
    }
  }

  private part(link: Link): void {
    this.links.delete(link);
    link.client.destroy();
    link.server.destroy();
  }
}
