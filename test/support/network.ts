/** The network in front of a server: whole, cut, silent, or slow. What is slow also arrives in order. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Slowness {
  readonly latencyMs: number;
  /** Added to the latency of each piece, anywhere from none to all of it. */
  readonly jitterMs: number;
  readonly bytesPerSecond: number;
  /** Of the pieces: TCP sends each again after 200 ms, 400 ms and so on, and what follows waits for it. */
  readonly lossPercent?: number;
}

const FIRST_RETRANSMISSION_MS = 200;

export interface Link {
  readonly client: Socket;
  readonly server: Socket;
}

export class Network {
  private readonly listener = createServer();
  private readonly links = new Set<Link>();
  private isCut = false;
  private isSilent = false;
  private slowness: Slowness | undefined;

  protected constructor(private readonly target: number | string) {}

  /** In front of a port of this machine, or of a Unix socket. */
  static async before(target: number | string): Promise<Network> {
    return new Network(target).open();
  }

  protected async open(): Promise<this> {
    this.listener.on('connection', (client) => this.join(client));
    this.listener.listen(0, '127.0.0.1');
    await once(this.listener, 'listening');
    return this;
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port;
  }

  /** Connections break, and new ones break, too. */
  cut(): void {
    this.isCut = true;
    for (const link of this.links) this.part(link);
  }

  /** Nothing gets through any more, and nobody is told. */
  silence(): void {
    this.isSilent = true;
    for (const { client, server } of this.links) {
      client.pause();
      server.pause();
    }
  }

  slow(slowness: Slowness): void {
    this.slowness = slowness;
  }

  mend(): void {
    this.isCut = false;
    this.isSilent = false;
    this.slowness = undefined;
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
    if (this.isCut) return void client.destroy();
    const { target } = this;
    const server = typeof target === 'string' ? connect(target) : connect(target, '127.0.0.1');
    const link = { client, server };
    this.links.add(link);
    for (const [from, to] of [
      [link.client, link.server],
      [link.server, link.client],
    ] as const) {
      from.setNoDelay(true);
      from.on('error', () => undefined);
      from.on('close', () => this.part(link));
      this.carry(link, from, to);
      if (this.isSilent) from.pause();
    }
  }

  /** False: the connection breaks instead. */
  protected passes(_link: Link, _from: Socket, _chunk: Buffer): boolean {
    return true;
  }

  private carry(link: Link, from: Socket, to: Socket): void {
    let freeAt = 0;
    from.on('data', (chunk: Buffer) => {
      if (!this.passes(link, from, chunk)) return this.part(link);
      if (!this.slowness) return void to.write(chunk);
      const { latencyMs, jitterMs, bytesPerSecond, lossPercent = 0 } = this.slowness;
      const now = performance.now();
      const sentAt = now + retransmissionMs(lossPercent);
      const arrivesAt = sentAt + latencyMs + jitterMs * Math.random();
      // One piece after the other, as the line is as wide as it is.
      freeAt = Math.max(freeAt, arrivesAt) + (chunk.length / bytesPerSecond) * 1000;
      setTimeout(() => to.write(chunk), freeAt - now);
    });
  }

  private part(link: Link): void {
    this.links.delete(link);
    link.client.destroy();
    link.server.destroy();
  }
}

function retransmissionMs(lossPercent: number): number {
  let ms = 0;
  for (let againMs = FIRST_RETRANSMISSION_MS; Math.random() * 100 < lossPercent; againMs *= 2) {
    ms += againMs;
  }
  return ms;
}
