import type { ArchiveRow } from '../archive/archives.views.js';

/** What takes the place of a file, and how much of it is different. */
export interface ReplacedFile {
  readonly archive: ArchiveRow;
  readonly version: number;
  readonly digest: string;
  readonly bytes: number;
  readonly entries: number;
  readonly values: number;
}
