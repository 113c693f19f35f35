import { EVENTS, hub, isRefusal, type HubSource } from './hub.js';

/**
 * The WebSocket as a hint: "something happened, look now". What happened is read over HTTP, so a
 * hint that is lost, doubled or late costs time and nothing else.
 */
export interface LiveHints {
  /** True while hints can be expected; then it is enough to look now and then. */
  isLive(): boolean;
  close(): void;
}

export interface HintSource extends HubSource {
  readonly deploymentId: string;
  readonly onHint: () => void;
}

const ACKNOWLEDGE_MS = 5000;

const none: LiveHints = { isLive: () => false, close: () => undefined };

/** socket.io-client is an optional package: without it, or without the hub, there are no hints. */
export async function openHints(source: HintSource): Promise<LiveHints> {
  const { deploymentId, onHint } = source;
  const socket = await hub(source);
  if (!socket) return none;
  let isSubscribed = false;
  socket.on('connect', () => {
    socket
      .timeout(ACKNOWLEDGE_MS)
      .emitWithAck('SubscribeToDeployment', { deploymentId })
      .then(
        (answer: unknown) => {
          isSubscribed = !isRefusal(answer);
          onHint();
        },
        () => undefined,
      );
  });
  socket.on('disconnect', () => {
    isSubscribed = false;
    onHint();
  });
  for (const event of EVENTS) {
    socket.on(event, (body: unknown) => {
      if ((body as { deploymentId?: unknown } | null)?.deploymentId === deploymentId) onHint();
    });
  }
  return { isLive: () => isSubscribed, close: () => socket.disconnect() };
}
