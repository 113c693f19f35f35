/** The network in front of a server: whole, cut, silent, or slow. What is slow also arrives in order. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export interface Slowness {
  readonly latencyMs: number;
  /** Added to the latency of each piece, anywhere from none to all of it. */
  readonly jitterMs: number;
  readonly bytesPerSecond: number;
}

interface Link {
  readonly client: Socket;
  readonly server: Socket;
}

export class Network {
  private readonly links = new Set<Link>();
  private isCut = false;
  private isSilent = false;
  private slowness: Slowness | undefined;

  private constructor(
    private readonly listener: Server,
    private readonly target: number,
  ) {}

  /** In front of a port of this machine. */
  static async before(port: number): Promise<Network> {
    const listener = createServer();
    const network = new Network(listener, port);
    listener.on('connection', (client) => network.join(client));
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return network;
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
    const link = { client, server: connect(this.target, '127.0.0.1') };
    this.links.add(link);
    for (const [from, to] of [
      [link.client, link.server],
      [link.server, link.client],
    ] as const) {
      from.setNoDelay(true);
      from.on('error', () => undefined);
      from.on('close', () => this.part(link));
      this.carry(from, to);
      if (this.isSilent) from.pause();
    }
  }

  private carry(from: Socket, to: Socket): void {
    let freeAt = 0;
    from.on('data', (chunk: Buffer) => {
      if (!this.slowness) return void to.write(chunk);
      const { latencyMs, jitterMs, bytesPerSecond } = this.slowness;
      const now = performance.now();
      const arrivesAt = now + latencyMs + jitterMs * Math.random();
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
