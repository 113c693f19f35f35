interface SystemError extends Error {
  readonly code?: string;
  readonly syscall?: string;
  readonly path?: string;
}

/** No room: of the disk, or of what this user may fill of it. */
export function isDiskFull(error: unknown): boolean {
  const { code } = (error ?? {}) as SystemError;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/**
 * What a file system refuses, in one sentence. `elsewhere` ends it with the way to choose another place, for
 * example "name another folder in TIDEGATE_HOME". Null: it is no such error.
 */
export function diskProblem(error: unknown, elsewhere: string): string | null {
  const { code, path, syscall } = (error ?? {}) as SystemError;
  if (isDiskFull(error)) {
    return `The disk${path ? ` of ${path}` : ''} is full: make room there, or ${elsewhere}.`;
  }
  if (path === undefined) return null;
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return `This user may not ${syscall === 'scandir' ? 'read' : 'use'} ${path}: give it to them (chown), or ${elsewhere}.`;
    case 'EROFS':
      return `${path} is on a disk that is mounted read-only: mount it writable, or ${elsewhere}.`;
    case 'ENOTDIR':
      return `A part of ${path} is a file where a folder should be: move the file away, or ${elsewhere}.`;
    case 'EEXIST':
      if (syscall !== 'mkdir') return null;
      return `There is a file where ${path} should be a folder: move the file away, or ${elsewhere}.`;
    case 'EISDIR':
      return `There is a folder where ${path} should be a file: move it away, or ${elsewhere}.`;
    case 'EIO':
      return `The disk of ${path} does not work (EIO): see what the system's log says of it, or ${elsewhere}.`;
    default:
      return null;
  }
}
