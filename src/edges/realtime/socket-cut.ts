import type { SocketCut } from './hub-messages.js';
import type { HubSocket } from './socket-session.js';

/** Whoever does not read does not take the last word, either. */
const LAST_WORD_MS = 5_000;

export const flooded: SocketCut = {
  code: 'too-many-messages',
  message: 'It went on sending after it was told that there were too many messages.',
};

/** Ends a socket with the reason, for clients that still read. They come back by themselves. */
export function cutSocket(socket: HubSocket, word: SocketCut): void {
  if (!socket.connected) return;
  socket.emit('SocketCut', word);
  socket.disconnect(true);
  setTimeout(() => socket.conn.close(true), LAST_WORD_MS).unref();
}
