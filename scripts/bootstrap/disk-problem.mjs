// What the disk refuses before there is a program that could say it, in one sentence.

/** Undefined: it is something else. */
export function diskProblem(error, root) {
  const place = error?.path ?? error?.dest ?? root;
  switch (error?.code) {
    case 'EACCES':
    case 'EPERM':
      return `This user may not write ${place}: run this as the owner of ${root}, or in a clone of your own.`;
    case 'EROFS':
      return `${place} is on a disk that is mounted read-only: mount it writable, or work in a clone elsewhere.`;
    case 'ENOSPC':
    case 'EDQUOT':
      return `The disk of ${place} is full: make room there, and run this again.`;
    case 'ENOTDIR':
    case 'EEXIST':
      return `There is a file where ${place} should be a folder: move it away, and run this again.`;
    default:
      return undefined;
  }
}
