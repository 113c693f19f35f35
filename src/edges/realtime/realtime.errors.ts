import { limits } from '../../kernel/limits.js';
import { errorEntry } from '../../kernel/error-entry.js';

/** What a live socket can be told besides the errors that it shares with HTTP. */

export const tooManySockets = errorEntry({
  code: 'too-many-sockets',
  kind: 'limit',
  meaning:
    'The person, the tenant or the server has as many open sockets as are allowed. Close some, or wait.',
  tell: (limit: number) => ({
    text: `${limit} sockets are open already. Close some, or try again later.`,
    details: { limit },
  }),
});

export const tooManyMessages = errorEntry({
  code: 'too-many-messages',
  kind: 'limit',
  meaning: 'The socket sends faster than is allowed. Wait a second; a flood is cut.',
  tell: () =>
    `More than ${limits.socketMessagesPerSecond} messages a second. Wait a second, then go on.`,
});

export const tooManySubscriptions = errorEntry({
  code: 'too-many-subscriptions',
  kind: 'limit',
  meaning:
    'The socket follows as many deployments as are allowed. Unsubscribe from some, or use SubscribeToAllDeployments.',
  tell: () => ({
    text: `${limits.subscriptionsPerSocket} subscriptions are open already. Unsubscribe from some, or use SubscribeToAllDeployments.`,
    details: { limit: limits.subscriptionsPerSocket },
  }),
});

export const unknownMessage = errorEntry({
  code: 'unknown-message',
  kind: 'invalid',
  meaning: 'There is no such message. `details.known` lists those that there are.',
  tell: (known: readonly string[]) => ({
    text: `There is no such message. Known: ${known.join(', ')}.`,
    details: { known },
  }),
});
