import { errorEntry } from '../../../kernel/error-entry.js';
import { notificationLimits } from '../../../kernel/notification-limits.js';

export const channelNotFound = errorEntry({
  code: 'channel-not-found',
  kind: 'not-found',
  meaning: 'The tenant has no channel with this id. `GET /channels` lists them.',
});

export const channelExists = errorEntry({
  code: 'channel-exists',
  kind: 'conflict',
  meaning: 'A channel of that name exists, perhaps with different capitals.',
  tell: (name: string) => `There is a channel "${name}" already. Choose another name.`,
});

export const channelLimit = errorEntry({
  code: 'channel-limit',
  kind: 'limit',
  meaning: 'The tenant has reached its limit of channels. Delete one that nobody needs.',
  tell: () => `A tenant has at most ${notificationLimits.channelsPerTenant} channels.`,
});

export const channelKindFixed = errorEntry({
  code: 'channel-kind-fixed',
  kind: 'unprocessable',
  meaning: 'A channel’s kind cannot change. Make another one.',
  tell: (kind: string) =>
    `The channel is of the kind "${kind}", which cannot change. Make another one.`,
});

export const channelNotSigned = errorEntry({
  code: 'channel-not-signed',
  kind: 'unprocessable',
  meaning:
    'What goes to this kind of channel is not signed, so it has no secret to rotate. To replace the address of a chat, change the channel.',
});

export const channelDisabled = errorEntry({
  code: 'channel-disabled',
  kind: 'conflict',
  meaning: 'The channel is disabled: nothing goes out. Enable it first.',
});
