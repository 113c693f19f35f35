import { errorEntry } from '../../../kernel/error-entry.js';

export const directoryTokenNotFound = errorEntry({
  code: 'directory-token-not-found',
  kind: 'not-found',
  meaning: 'The tenant has no directory token with this id. `GET /directory-tokens` lists them.',
});

export const directoryTokenExists = errorEntry({
  code: 'directory-token-exists',
  kind: 'conflict',
  meaning:
    'The tenant has connected a directory already (`details.id`): two would undo each other’s work. Rotate that token, or revoke it first.',
  tell: (id: string) => ({
    text: 'This tenant has connected a directory already. Rotate its token, or revoke it first.',
    details: { id },
  }),
});

export const directoryTokenOver = errorEntry({
  code: 'directory-token-over',
  kind: 'conflict',
  meaning:
    'The token is revoked, expired or rotated already. Make a new one, or rotate its successor.',
});

export const directoryTokenNetworkRefused = errorEntry({
  code: 'directory-token-network-refused',
  kind: 'forbidden',
  meaning:
    'The directory token is good, but not from the address that the request came from. Make one with the networks of your directory.',
  tell: (address: string) => ({
    text: `This directory token is not for requests from ${address}.`,
    details: { address },
  }),
});
