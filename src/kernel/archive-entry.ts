import { DomainError } from './errors.js';
import { limits } from './limits.js';
import { printable } from './text.js';

/**
 * What an artifact's archive may contain, shared by the server (upload) and the agent (unpacking).
 * Libraries that read tar have a history of escapes, so nothing here trusts one: only plain files
 * and directories with plain relative names pass, and every cap counts what was really seen.
 */
export interface ArchiveCaps {
  readonly files: number;
  readonly totalBytes: number;
  readonly pathBytes: number;
  /** Unpacked bytes for each packed byte. */
  readonly ratio: number;
}

export const archiveCaps: ArchiveCaps = {
  files: limits.unpackedFiles,
  totalBytes: limits.unpackedBytes,
  pathBytes: limits.unpackedPathBytes,
  // Text packs 20:1 at best in practice; gzip's own limit is about 1000:1.
  ratio: 200,
};

/** Below this size the ratio says nothing: a file of zeros is honest. */
const RATIO_MATTERS_BYTES = 16 * 1024 * 1024;

/** One header of the archive as the reader reported it. */
export interface ArchiveEntry {
  readonly name: string;
  readonly type: string | null | undefined;
  readonly size: number;
  readonly mode: number;
}

export interface CheckedEntry {
  /** Relative, `/` between components, no trailing slash. */
  readonly path: string;
  readonly kind: 'file' | 'directory';
  readonly isExecutable: boolean;
}

/** Call `check` for each entry in order, then `count` as bytes are unpacked. Both throw to refuse. */
export class ArchiveGuard {
  private readonly seen = new Map<string, { path: string; kind: string; isImplied: boolean }>();
  private unpackedBytes = 0;
  private entries = 0;

  constructor(private readonly caps: ArchiveCaps = archiveCaps) {}

  /** Null: the entry is the archive's own root (`./`), to be skipped. */
  check(entry: ArchiveEntry): CheckedEntry | null {
    this.entries += 1;
    if (this.entries > this.caps.files) {
      throw refusal('archive-too-many-files', `more than ${this.caps.files} entries`);
    }
    const kind = kindOf(entry);
    if ((entry.mode & 0o6000) !== 0) {
      throw refusal('archive-setuid', `${shown(entry.name)} has a setuid or setgid bit`);
    }
    if (this.unpackedBytes + entry.size > this.caps.totalBytes) throw this.tooLarge();
    const path = plainPath(entry.name, kind, this.caps.pathBytes);
    if (path === '') return null;
    this.claim(path, kind);
    return { path, kind, isExecutable: (entry.mode & 0o111) !== 0 };
  }

  /** `bytes` more were unpacked; `packedBytes` were read so far. */
  count(bytes: number, packedBytes: number): void {
    this.unpackedBytes += bytes;
    if (this.unpackedBytes > this.caps.totalBytes) throw this.tooLarge();
    if (
      this.unpackedBytes > RATIO_MATTERS_BYTES &&
      this.unpackedBytes > packedBytes * this.caps.ratio
    ) {
      throw refusal('archive-ratio', `it unpacks to more than ${this.caps.ratio} times its size`);
    }
  }

  private claim(path: string, kind: 'file' | 'directory'): void {
    const components = path.split('/');
    for (let depth = 1; depth < components.length; depth += 1) {
      this.claimOne(components.slice(0, depth).join('/'), 'directory', true);
    }
    this.claimOne(path, kind, false);
  }

  private claimOne(path: string, kind: 'file' | 'directory', isImplied: boolean): void {
    // Two names that some file system holds to be one must not both occur.
    const key = path.normalize('NFC').toLowerCase();
    const earlier = this.seen.get(key);
    if (!earlier) {
      this.seen.set(key, { path, kind, isImplied });
      return;
    }
    const isSameFolder =
      earlier.path === path && earlier.kind === 'directory' && kind === 'directory';
    if (!isSameFolder || (!earlier.isImplied && !isImplied)) {
      throw refusal(
        'archive-name-collision',
        `${shown(path)} collides with ${shown(earlier.path)}; names must differ in more than case`,
      );
    }
    if (!isImplied) earlier.isImplied = false;
  }

  private tooLarge(): DomainError {
    return refusal('archive-too-large', `it unpacks to more than ${this.caps.totalBytes} bytes`);
  }
}

function kindOf(entry: ArchiveEntry): 'file' | 'directory' {
  if (!Number.isSafeInteger(entry.size) || entry.size < 0) {
    throw refusal('archive-damaged', `${shown(entry.name)} has no valid size`);
  }
  if (entry.type === 'file') return 'file';
  if (entry.type === 'directory') {
    // Readers disagree whether a directory has contents; what follows could be read as headers.
    if (entry.size === 0) return 'directory';
    throw refusal('archive-damaged', `the directory ${shown(entry.name)} has contents`);
  }
  if (entry.type === 'link' || entry.type === 'symlink') {
    throw refusal('archive-link', `${shown(entry.name)} is a link; pack the file itself`);
  }
  throw refusal('archive-special-file', `${shown(entry.name)} is neither a file nor a directory`);
}

function plainPath(name: string, kind: 'file' | 'directory', pathBytes: number): string {
  if (Buffer.byteLength(name) > pathBytes) {
    throw refusal('archive-path-too-long', `a path is longer than ${pathBytes} bytes`);
  }
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f\\]/.test(name) || !name.isWellFormed()) {
    throw refusal('archive-path-unsafe', `${shown(name)} has a control character or a backslash`);
  }
  if (name.startsWith('/') || /^[A-Za-z]:/.test(name)) {
    throw refusal('archive-path-unsafe', `${shown(name)} is not relative`);
  }
  let path = name;
  while (path.startsWith('./')) path = path.slice(2);
  if (kind === 'directory') path = path.replace(/\/$/, '');
  if ((path === '' || path === '.') && kind === 'directory') return '';
  for (const component of path.split('/')) {
    if (component === '' || component === '.' || component === '..') {
      throw refusal('archive-path-unsafe', `${shown(name)} has an empty, "." or ".." component`);
    }
    if (Buffer.byteLength(component) > 255) {
      throw refusal('archive-path-too-long', `a name in ${shown(name)} is over 255 bytes`);
    }
  }
  return path;
}

function refusal(code: string, what: string): DomainError {
  return new DomainError('unprocessable', code, `The archive is refused: ${what}.`);
}

function shown(name: string): string {
  return `"${printable(name.slice(0, 200))}"`;
}
