import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../kernel/clock.js';
import { limits } from '../../kernel/limits.js';

const LOOK_EVERY_MS = 1_000;

interface Reader {
  /** Bytes that the kernel has taken so far. */
  sent: number;
  /** How long it may take no byte; grows with what it takes. */
  patienceMs: number;
}

/**
 * Cuts connections whose clients do not read what is written to them. What waits to be sent holds a
 * file, memory and a place, and a client that never reads would hold them for ever. Bytes buy time: a
 * slow reader is served as long as it is a steady one. Connections on which nothing waits (a long
 * poll, a quiet socket) are left alone.
 */
export class SlowReaders {
  private readonly readers = new Map<Socket, Reader>();
  private lookedAt: number;

  constructor(
    private readonly clock: Clock,
    private readonly cut: () => void,
  ) {
    this.lookedAt = clock.monotonic();
  }

  /** Every connection of the server, until it closes. */
  watch(server: Server): void {
    server.on('connection', (socket: Socket) => this.add(socket));
    const timer = setInterval(() => this.look(), LOOK_EVERY_MS).unref();
    server.once('close', () => clearInterval(timer));
  }

  add(socket: Socket): void {
    this.readers.set(socket, { sent: 0, patienceMs: limits.readerPatienceMs });
    socket.once('close', () => this.readers.delete(socket));
  }

  look(): void {
    const now = this.clock.monotonic();
    // When nobody looked for long, it was this process that was slow.
    const passedMs = Math.min(now - this.lookedAt, 2 * LOOK_EVERY_MS);
    this.lookedAt = now;
    for (const [socket, reader] of this.readers) this.judge(socket, reader, passedMs);
  }

  private judge(socket: Socket, reader: Reader, passedMs: number): void {
    const sent = socket.bytesWritten - socket.writableLength;
    const moved = sent - reader.sent;
    reader.sent = sent;
    if (socket.writableLength === 0) {
      reader.patienceMs = limits.readerPatienceMs;
      return;
    }
    const bought = (moved / limits.readerBytesPerSecond) * 1000;
    reader.patienceMs = Math.min(limits.readerPatienceLongestMs, reader.patienceMs + bought);
    reader.patienceMs -= passedMs;
    if (reader.patienceMs > 0) return;
    this.readers.delete(socket);
    this.cut();
    socket.destroy();
  }
}
