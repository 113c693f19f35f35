import { Socket } from 'node:net';
import { frontLimits } from './front-limits.js';

const INTERIM = Buffer.from('HTTP/1.1 1', 'latin1');
const HEAD_END = Buffer.from('\r\n\r\n', 'latin1');
const STATUS_AT = 'HTTP/1.1 '.length;

/**
 * A connection to an instance. Two things are put right before undici sees them:
 *
 * An instance may answer while a body is still coming, and close: what is written then fails, and
 * its answer lies unread on the connection. So a failed write is no error here; whether an answer
 * came is for the reading side to say, which ends soon after.
 *
 * `100 Continue` that nobody has asked for is legal and means nothing (RFC 9110, section 15.2.1).
 * undici ends the connection for it, so it is taken out of what precedes an answer.
 */
export class UpstreamSocket extends Socket {
  private isBroken = false;
  private onFirstBytes: (() => void) | undefined;
  private isAwaiting = false;
  private held: Buffer | undefined;

  static connect(port: number, onEnd: (error: Error | null, socket?: UpstreamSocket) => void) {
    const socket = new UpstreamSocket();
    const timer = setTimeout(() => {
      const text = `no connection to port ${port} within ${frontLimits.connectTimeoutMs} ms`;
      socket.destroy(new Error(text));
    }, frontLimits.connectTimeoutMs);
    const onError = (error: Error) => {
      clearTimeout(timer);
      onEnd(error);
    };
    socket.once('error', onError);
    socket.setNoDelay(true);
    socket.connect({ host: '127.0.0.1', port }, () => {
      clearTimeout(timer);
      socket.off('error', onError);
      onEnd(null, socket);
    });
    return socket;
  }

  /** A request is about to be written; `onFirstBytes` is told once that something came back. */
  expectAnswer(onFirstBytes: () => void): void {
    this.onFirstBytes = onFirstBytes;
    this.isAwaiting = true;
    this.held = undefined;
  }

  override read(size?: number): Buffer | null {
    const chunk = super.read(size) as Buffer | null;
    if (!this.isAwaiting || chunk === null) return chunk;
    this.onFirstBytes?.();
    this.onFirstBytes = undefined;
    return this.withoutContinue(this.held ? Buffer.concat([this.held, chunk]) : chunk);
  }

  override _write(chunk: unknown, encoding: BufferEncoding, done: Done): void {
    if (this.isBroken) done();
    else super._write(chunk, encoding, this.tolerant(done));
  }

  override _writev(chunks: Chunks, done: Done): void {
    if (this.isBroken) done();
    else super._writev!(chunks, this.tolerant(done));
  }

  private tolerant(done: Done): Done {
    return (error) => {
      if (error) this.isBroken = true;
      done();
    };
  }

  private withoutContinue(bytes: Buffer): Buffer | null {
    let rest = bytes;
    const passed: Buffer[] = [];
    this.held = undefined;
    while (rest.length > 0) {
      if (rest.length < STATUS_AT + 3 && startsAlike(rest)) return this.hold(passed, rest);
      const status = startsAlike(rest) ? rest.toString('latin1', STATUS_AT, STATUS_AT + 3) : '';
      // 101 is a final answer.
      if (status === '' || status === '101') return this.asItIs(passed, rest);
      const end = rest.indexOf(HEAD_END);
      if (end < 0 && rest.length < frontLimits.answerHeaderBytes) return this.hold(passed, rest);
      if (end < 0) return this.asItIs(passed, rest);
      if (status !== '100') passed.push(rest.subarray(0, end + HEAD_END.length));
      rest = rest.subarray(end + HEAD_END.length);
    }
    return joined(passed);
  }

  private hold(passed: Buffer[], rest: Buffer): Buffer | null {
    this.held = rest;
    return joined(passed);
  }

  private asItIs(passed: Buffer[], rest: Buffer): Buffer | null {
    this.isAwaiting = false;
    return passed.length === 0 ? rest : joined([...passed, rest]);
  }
}

type Done = (error?: Error | null) => void;
type Chunks = { chunk: unknown; encoding: BufferEncoding }[];

function startsAlike(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, INTERIM.length);
  return bytes.compare(INTERIM, 0, length, 0, length) === 0;
}

function joined(parts: Buffer[]): Buffer | null {
  if (parts.length === 0) return null;
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}
