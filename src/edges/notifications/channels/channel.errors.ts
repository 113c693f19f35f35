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
  meaning: 'There is a channel of that name, perhaps written with other capitals.',
  tell: (name: string) => `There is a channel "${name}" already. Choose another name.`,
});

export const channelLimit = errorEntry({
  code: 'channel-limit',
  kind: 'limit',
  meaning: 'The tenant has as many channels as there may be. Delete one that nobody needs.',
  tell: () => `A tenant has at most ${notificationLimits.channelsPerTenant} channels.`,
});

export const channelKindFixed = errorEntry({
  code: 'channel-kind-fixed',
  kind: 'unprocessable',
  meaning: 'A channel stays of the kind that it was made with. Make another one.',
  tell: (kind: string) => `The channel is of the kind "${kind}" and stays so. Make another one.`,
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
