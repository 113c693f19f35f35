import { limits } from '../../../kernel/limits.js';

/** How much an archive may hold. Every cap counts what was really seen, never what a header claims. */
export interface ArchiveCaps {
  readonly files: number;
  readonly totalBytes: number;
  readonly pathBytes: number;
  readonly depth: number;
  /** Of all names and targets of links together. */
  readonly namesBytes: number;
  /** Unpacked bytes for each packed byte. */
  readonly ratio: number;
}

export const archiveCaps: ArchiveCaps = {
  files: limits.unpackedFiles,
  totalBytes: limits.unpackedBytes,
  pathBytes: limits.unpackedPathBytes,
  depth: limits.unpackedDepth,
  namesBytes: limits.unpackedNamesBytes,
  // Text packs 20:1 at best in practice; gzip's own limit is about 1000:1.
  ratio: 200,
};
