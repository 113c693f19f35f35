/** Limits of the audit log, with their reasons. Units are in the names. */
export const auditLimits = {
  /** In one file of the archive: who reads an entry out of it unpacks all of it. */
  archiveFileEntries: 10_000,
  /** Of a file's lines before they are packed; it ends sooner where entries are large. */
  archiveFileBytes: 8 * 1024 * 1024,
  /** Entries of other months between two of this one that come into its file; more begin another. */
  archiveFileGap: 1_000,
  /** Files that one page of a list opens; where they are too few, its cursor goes on. */
  archiveFilesPerPage: 4,
} as const;
