import { Client, type Dispatcher } from 'undici';
import { UpstreamSocket } from './upstream-socket.js';

interface Heard extends Dispatcher.DispatchHandler {
  /** undici's own name for it. */
  onResponseStarted?(): void;
}

/** One connection of a pool, with one request at a time on it. */
export class UpstreamClient extends Client {
  private readonly place: { socket?: UpstreamSocket; onFirstBytes?: () => void };

  constructor(origin: URL, options: object, port: number) {
    const place: UpstreamClient['place'] = {};
    super(origin, {
      ...options,
      connect: (_, done) => {
        const socket = UpstreamSocket.connect(port, (error) => {
          if (error) done(error, null);
          else done(null, socket);
        });
        place.socket = socket;
        if (place.onFirstBytes) socket.expectAnswer(place.onFirstBytes);
      },
    });
    this.place = place;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Heard): boolean {
    const onFirstBytes = () => handler.onResponseStarted?.();
    this.place.onFirstBytes = onFirstBytes;
    this.place.socket?.expectAnswer(onFirstBytes);
    return super.dispatch(options, handler);
  }
}
