import type { ErrorCode } from '../../platform/http/error-codes.js';

/** What an archive can be refused for, and what its store can answer. */
export const artifactsErrors = [
  {
    code: 'artifact-too-large',
    kind: 'too-large',
    meaning: 'The artifact is larger than `details.limitBytes`. Make it smaller.',
  },
  {
    code: 'artifact-missing',
    kind: 'unavailable',
    meaning: 'The artifact is not in the store. Push the same release again to put it back.',
  },
  {
    code: 'storage-full',
    kind: 'unavailable',
    meaning: 'The store of artifacts is full. Ask the operator for room, then push again.',
  },
  {
    code: 'storage-unavailable',
    kind: 'unavailable',
    meaning: 'The store of artifacts does not answer. Try again in a few seconds.',
  },
  {
    code: 'archive-damaged',
    kind: 'unprocessable',
    meaning: 'The artifact is not a complete .tar.gz. Pack it again.',
  },
  {
    code: 'archive-path-unsafe',
    kind: 'unprocessable',
    meaning: 'A name in the archive is absolute, climbs upwards, or has characters that mislead.',
  },
  {
    code: 'archive-path-too-long',
    kind: 'unprocessable',
    meaning: 'A path in the archive is too long.',
  },
  {
    code: 'archive-link',
    kind: 'unprocessable',
    meaning: 'The archive has a link. Pack the file that it leads to.',
  },
  {
    code: 'archive-special-file',
    kind: 'unprocessable',
    meaning: 'The archive has a device, a pipe or another entry that is no file or directory.',
  },
  {
    code: 'archive-setuid',
    kind: 'unprocessable',
    meaning: 'A file in the archive has a setuid or setgid bit. Take it away.',
  },
  {
    code: 'archive-name-collision',
    kind: 'unprocessable',
    meaning: 'Two entries have the same name, or names that differ in case alone.',
  },
  {
    code: 'archive-too-many-files',
    kind: 'unprocessable',
    meaning: 'The archive has too many entries.',
  },
  {
    code: 'archive-too-large',
    kind: 'unprocessable',
    meaning: 'The archive unpacks to too many bytes.',
  },
  {
    code: 'archive-ratio',
    kind: 'unprocessable',
    meaning: 'The archive unpacks to so many times its own size that it looks like an attack.',
  },
] as const satisfies readonly ErrorCode[];
