/**
 * An event as the bytes that travel: the packet of socket.io in a frame of WebSocket (RFC 6455, 5.2), made once
 * for all who get it. socket.io does the same for its rooms, but writes each event to each socket by itself.
 */
import { HUB_NAMESPACE, type HubEventName, type HubEvents } from './hub-messages.js';

export interface FeedEvent<N extends HubEventName = HubEventName> {
  readonly name: N;
  readonly payload: HubEvents[N];
}

/** `4`: a message of engine.io; `2`: an event of socket.io. */
const HEAD = `42${HUB_NAMESPACE},`;
/** A whole text, unmasked, uncompressed. */
const FINAL_TEXT = 0x81;
/** Lengths up to here stand in one byte, up to 65,535 in two more, longer ones in eight. */
const SHORT = 125;
const TWO_BYTES = 126;
const EIGHT_BYTES = 127;

export function frameOf({ name, payload }: FeedEvent): Buffer {
  return framed(`${HEAD}${JSON.stringify([name, payload])}`);
}

export function framed(text: string): Buffer {
  const size = Buffer.byteLength(text);
  const head = headOf(size);
  const frame = Buffer.allocUnsafe(head.length + size);
  head.copy(frame);
  frame.write(text, head.length);
  return frame;
}

function headOf(size: number): Buffer {
  if (size <= SHORT) return Buffer.from([FINAL_TEXT, size]);
  if (size <= 0xffff) return Buffer.from([FINAL_TEXT, TWO_BYTES, size >> 8, size & 0xff]);
  const head = Buffer.alloc(10);
  head.set([FINAL_TEXT, EIGHT_BYTES]);
  head.writeBigUInt64BE(BigInt(size), 2);
  return head;
}

/** One event for many: its bytes are made when the first of them needs them. */
export class Told {
  private made: Buffer | undefined;

  constructor(
    readonly sequence: number,
    private readonly event: FeedEvent,
  ) {}

  get frame(): Buffer {
    this.made ??= frameOf(this.event);
    return this.made;
  }
}
