import type { ErrorCode } from '../../platform/http/error-codes.js';

/** What a live socket can be told besides the errors that it shares with HTTP. */
export const realtimeErrors = [
  {
    code: 'too-many-sockets',
    kind: 'limit',
    meaning:
      'The person, the tenant or the server has as many open sockets as are allowed. Close some, or wait.',
  },
  {
    code: 'too-many-messages',
    kind: 'limit',
    meaning: 'The socket sends faster than is allowed. Wait a second; a flood is cut.',
  },
  {
    code: 'too-many-subscriptions',
    kind: 'limit',
    meaning:
      'The socket follows as many deployments as are allowed. Unsubscribe from some, or use SubscribeToAllDeployments.',
  },
  {
    code: 'unknown-message',
    kind: 'invalid',
    meaning: 'There is no such message. `details.known` lists those that there are.',
  },
] as const satisfies readonly ErrorCode[];
