/**
 * The WebSocket as a hint: "something happened, look now". What happened is read over HTTP, so a
 * hint that is lost, doubled or late costs time and nothing else.
 */
export interface LiveHints {
  /** True while hints can be expected; then it is enough to look now and then. */
  isLive(): boolean;
  close(): void;
}

export interface HintSource {
  readonly baseUrl: string;
  readonly deploymentId: string;
  readonly token: () => Promise<string | null>;
  readonly onHint: () => void;
}

const EVENTS = [
  'DeploymentStatusChanged',
  'DeploymentProgress',
  'DeploymentGateChecked',
  'ApprovalRequested',
  'ApprovalDecided',
];
const ACKNOWLEDGE_MS = 5000;

const none: LiveHints = { isLive: () => false, close: () => undefined };

/** socket.io-client is an optional package: without it, or without the hub, there are no hints. */
export async function openHints(source: HintSource): Promise<LiveHints> {
  const library = await import('socket.io-client').catch(() => null);
  if (!library) return none;
  const { baseUrl, deploymentId, token, onHint } = source;
  // What stands behind the origin would be taken for the namespace; the path has a place of its own.
  const { origin, pathname } = new URL(baseUrl);
  const socket = library.io(`${origin}/hubs/deployment`, {
    path: `${pathname.replace(/\/+$/, '')}/socket.io/`,
    transports: ['websocket'],
    auth: (answer) => {
      token().then(
        (value) => answer({ token: value ?? '' }),
        () => answer({}),
      );
    },
    reconnectionDelayMax: 10_000,
  });
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

function isRefusal(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && ('error' in answer || 'code' in answer);
}
