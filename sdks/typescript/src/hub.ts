/** The live hub's door: one connection, which comes back by itself. */
import type { Socket } from 'socket.io-client';

export interface HubSource {
  readonly baseUrl: string;
  readonly token: () => Promise<string | null>;
}

export const EVENTS = [
  'DeploymentStatusChanged',
  'DeploymentProgress',
  'DeploymentGateChecked',
  'ApprovalRequested',
  'ApprovalDecided',
];

/** socket.io-client is an optional package. Null: it is not there. */
export async function hub({ baseUrl, token }: HubSource): Promise<Socket | null> {
  const library = await import('socket.io-client').catch(() => null);
  if (!library) return null;
  // What stands behind the origin would be taken for the namespace; the path has a place of its own.
  const { origin, pathname } = new URL(baseUrl);
  return library.io(`${origin}/hubs/deployment`, {
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
}

export function isRefusal(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && ('error' in answer || 'code' in answer);
}

export function refusalText(answer: unknown): string {
  const { error } = answer as { error?: { message?: string } };
  return error?.message ?? 'The server has refused the subscription.';
}
