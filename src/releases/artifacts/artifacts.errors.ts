import { errorEntry, type ErrorCode } from '../../kernel/error-entry.js';

export const artifactMissing = errorEntry({
  code: 'artifact-missing',
  kind: 'unavailable',
  meaning: 'The artifact is not in the store. Push the same release again to put it back.',
  tell: (artifactDigest: string, cause: unknown) => ({ details: { artifactDigest }, cause }),
});

/** What an archive can be refused for, by the reader that nodes have, too (agent/artifacts/archive). */
export const archiveErrors = [
  {
    code: 'archive-damaged',
    kind: 'unprocessable',
    meaning: 'The artifact is not a complete .tar.gz. Pack it again.',
  },
  {
    code: 'archive-unsupported',
    kind: 'unprocessable',
    meaning:
      'The archive has a sparse file, a part of another volume, or a keyword that may change what its content means. `detail` names the option to pack without it.',
  },
  {
    code: 'archive-header-too-large',
    kind: 'unprocessable',
    meaning: 'An entry has more attributes than an honest one. Pack without them.',
  },
  {
    code: 'archive-path-unsafe',
    kind: 'unprocessable',
    meaning: 'A name in the archive is absolute, climbs upwards, or has characters that mislead.',
  },
  {
    code: 'archive-name-not-utf8',
    kind: 'unprocessable',
    meaning: 'A name in the archive is not UTF-8. `detail` shows its bytes; rename the file.',
  },
  {
    code: 'archive-path-too-long',
    kind: 'unprocessable',
    meaning: 'A path in the archive is too long, or all of them together are.',
  },
  {
    code: 'archive-path-too-deep',
    kind: 'unprocessable',
    meaning: 'A path in the archive has too many folders.',
  },
  {
    code: 'archive-link',
    kind: 'unprocessable',
    meaning:
      'A link in the archive is absolute, leads out of it or in a circle, or is a hard link to nothing before it. `detail` names the option that packs a copy.',
  },
  {
    code: 'archive-special-file',
    kind: 'unprocessable',
    meaning: 'The archive has a device or a pipe. Leave it out.',
  },
  {
    code: 'archive-setuid',
    kind: 'unprocessable',
    meaning: 'A file in the archive has a setuid or setgid bit. Take it away.',
  },
  {
    code: 'archive-name-collision',
    kind: 'unprocessable',
    meaning:
      'Two names differ in case alone, something lies below a file or a link, or a folder with something in it is a file later on.',
  },
  {
    code: 'archive-too-many-files',
    kind: 'unprocessable',
    meaning: 'The archive has too many files and folders.',
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
