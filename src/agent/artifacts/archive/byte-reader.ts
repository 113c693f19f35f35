import { refusal } from './archive-refusal.js';

/** Takes bytes in the portions that a format has, from chunks that come in any other. */
export class ByteReader {
  private readonly chunks: AsyncIterator<Buffer>;
  private chunk: Buffer = Buffer.alloc(0);
  private at = 0;

  constructor(source: AsyncIterable<Buffer>) {
    this.chunks = source[Symbol.asyncIterator]();
  }

  /** Exactly so many bytes; null at the end of the source. */
  async take(bytes: number): Promise<Buffer | null> {
    if (this.at + bytes <= this.chunk.length) return this.slice(bytes);
    const parts: Buffer[] = [];
    let missing = bytes;
    while (missing > 0) {
      const part = await this.some(missing);
      if (!part) break;
      parts.push(part);
      missing -= part.length;
    }
    if (missing === 0) return Buffer.concat(parts);
    if (parts.length === 0) return null;
    throw refusal('archive-damaged', 'it ends in the middle; it is not a complete .tar.gz');
  }

  /** At least one byte and at most so many, without copying; null at the end of the source. */
  async some(bytes: number): Promise<Buffer | null> {
    while (this.at >= this.chunk.length) {
      const next = await this.chunks.next();
      if (next.done) return null;
      this.chunk = next.value;
      this.at = 0;
    }
    return this.slice(Math.min(bytes, this.chunk.length - this.at));
  }

  private slice(bytes: number): Buffer {
    this.at += bytes;
    return this.chunk.subarray(this.at - bytes, this.at);
  }
}
