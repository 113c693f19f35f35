import { errorEntry } from '../../kernel/error-entry.js';

/** What the store of artifacts can answer, besides `storage-full` (platform/room). */

export const artifactTooLarge = errorEntry({
  code: 'artifact-too-large',
  kind: 'too-large',
  meaning: 'The artifact is larger than `details.limitBytes`. Make it smaller.',
  tell: (limitBytes: number) => ({
    text: `The artifact is larger than ${limitBytes} bytes. Make it smaller, or ask for a higher limit.`,
    details: { limitBytes },
  }),
});

export const storageUnavailable = errorEntry({
  code: 'storage-unavailable',
  kind: 'unavailable',
  meaning: 'The store of artifacts does not answer. Try again in a few seconds.',
  tell: (cause: unknown) => ({ cause }),
});
