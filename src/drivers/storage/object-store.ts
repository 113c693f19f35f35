import type { Readable } from 'node:stream';
import { z } from 'zod';
import { DomainError } from '../../kernel/errors.js';
import { newId } from '../../kernel/ids.js';
import { DIGEST_PATTERN, type Digest } from '../../kernel/digest.js';
import type { RegistryEntry } from '../../kernel/registry.js';

/**
 * Where the bytes of artifacts are, and what is kept for good. Keys have four shapes and no other:
 *
 *   tmp/<uuid>                   being uploaded; nobody but its maker reads it, and a sweep takes it
 *   <tenantId>/sha256/<64 hex>   complete, and named by its own digest
 *   archive/<tenantId>/<word>/<name>   small, written once and never replaced
 *   personal/<tenantId>/<word>/<name>  likewise, but to be deleted one day: never under an object lock
 *
 * An object comes under its own key only by `commit`, so whoever finds one finds all of it.
 */
export interface ObjectStore {
  /**
   * Writes a new temporary object durably and returns its size. When the source fails, or is longer
   * than `maxBytes` (`artifact-too-large`), nothing stays.
   */
  put(key: TemporaryKey, source: Readable, options: { maxBytes: number }): Promise<number>;
  /** Throws `object-not-found`. The stream fails when the object cannot be read to its end. */
  get(key: ObjectKey): Promise<Readable>;
  stat(key: ObjectKey): Promise<ObjectStat | null>;
  /** False when there was none. */
  delete(key: ObjectKey): Promise<boolean>;
  /**
   * Moves a temporary object to its own key, atomically and durably; an object that is there already
   * is replaced. Repeating a commit that succeeded is not an error.
   */
  commit(temporary: TemporaryKey, key: ArtifactKey): Promise<void>;
  /**
   * Keeps a small object for good, durably. One that is there already stays as it is: false when its
   * bytes are others.
   */
  archive(key: ArchiveKey, bytes: Buffer): Promise<boolean>;
  /** The names in a folder of the archive, in order. */
  archived(folder: ArchiveFolder): Promise<string[]>;
  /** Deletes temporary objects that nobody has written to for so long; returns how many. */
  sweepTemporary(olderThanMs: number): Promise<number>;
}

export interface ObjectStat {
  readonly bytes: number;
}

export type TemporaryKey = `tmp/${string}`;
export type ArtifactKey = `${string}/sha256/${string}`;
type ArchiveRoot = 'archive' | 'personal';
export type ArchiveFolder = `${ArchiveRoot}/${string}/${string}`;
export type ArchiveKey = `${ArchiveRoot}/${string}/${string}/${string}`;
export type ObjectKey = TemporaryKey | ArtifactKey | ArchiveKey;

/** One kind of store in the list of object-stores.ts. */
export interface ObjectStoreDriver extends RegistryEntry {
  readonly params: z.ZodType;
  /** Throws when the store cannot be reached or written to. */
  open(params: unknown): Promise<ObjectStore>;
}

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const TEMPORARY = new RegExp(`^tmp/${UUID}$`);
const ARTIFACT = new RegExp(`^${UUID}/sha256/[0-9a-f]{64}$`);
const ARCHIVE_FOLDER = new RegExp(`^(?:archive|personal)/${UUID}/[a-z][a-z-]{0,39}$`);
const ARCHIVE = new RegExp(
  `^(?:archive|personal)/${UUID}/[a-z][a-z-]{0,39}/[0-9A-Za-z][0-9A-Za-z._-]{0,99}$`,
);

export function newTemporaryKey(): TemporaryKey {
  return `tmp/${newId()}`;
}

/** Tenants never share an object, even of the same bytes: one could learn what another has. */
export function artifactKey(tenantId: string, artifactDigest: Digest): ArtifactKey {
  if (!DIGEST_PATTERN.test(artifactDigest)) throw new TypeError('not an artifact digest');
  const key: ArtifactKey = `${tenantId}/sha256/${artifactDigest.slice('sha256:'.length)}`;
  checkArtifactKey(key);
  return key;
}

export function archiveFolder(tenantId: string, word: string): ArchiveFolder {
  const folder: ArchiveFolder = `archive/${tenantId}/${word}`;
  checkArchiveFolder(folder);
  return folder;
}

export function personalFolder(tenantId: string, word: string): ArchiveFolder {
  const folder: ArchiveFolder = `personal/${tenantId}/${word}`;
  checkArchiveFolder(folder);
  return folder;
}

export function personalKey(tenantId: string, word: string, name: string): ArchiveKey {
  const key: ArchiveKey = `personal/${tenantId}/${word}/${name}`;
  checkArchiveKey(key);
  return key;
}

export function archiveKey(tenantId: string, word: string, name: string): ArchiveKey {
  const key: ArchiveKey = `archive/${tenantId}/${word}/${name}`;
  checkArchiveKey(key);
  return key;
}

/** Drivers call these first: what passes cannot leave the store's own folder or bucket. */
export function checkTemporaryKey(key: string): asserts key is TemporaryKey {
  if (!TEMPORARY.test(key)) throw new TypeError('not a key of a temporary object');
}

export function checkArtifactKey(key: string): asserts key is ArtifactKey {
  if (!ARTIFACT.test(key)) throw new TypeError('not a key of an artifact');
}

export function checkArchiveFolder(folder: string): asserts folder is ArchiveFolder {
  if (!ARCHIVE_FOLDER.test(folder)) throw new TypeError('not a folder of the archive');
}

export function checkArchiveKey(key: string): asserts key is ArchiveKey {
  if (!ARCHIVE.test(key)) throw new TypeError('not a key of the archive');
}

export function checkObjectKey(key: string): asserts key is ObjectKey {
  if (![TEMPORARY, ARTIFACT, ARCHIVE].some((shape) => shape.test(key))) {
    throw new TypeError('not a key of an object');
  }
}

export function objectNotFound(key: ObjectKey): DomainError {
  return new DomainError('not-found', 'object-not-found', `The store has no object "${key}".`);
}
