import { errorEntry } from '../../../kernel/error-entry.js';

export const directoryUserNotFound = errorEntry({
  code: 'directory-user-not-found',
  kind: 'not-found',
  meaning:
    'The directory of the tenant has no user with this id. GET /api/v1/directory-users lists them.',
});

export const directoryUserNotWaiting = errorEntry({
  code: 'directory-user-not-waiting',
  kind: 'conflict',
  meaning:
    'Only who is active in the directory, has an address there and has not come yet can be invited (`details.state`).',
  tell: (state: string) => ({
    text:
      state === 'waiting'
        ? 'The directory has told no e-mail address of this user. Add one there.'
        : `This user is ${state}: only who has not come yet can be invited.`,
    details: { state },
  }),
});
