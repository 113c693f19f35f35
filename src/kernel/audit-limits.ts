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
  /** A week: who is asked to agree by then has been, or has to be asked anew. */
  erasureExpiresMs: 7 * 86_400_000,
  /** Requests that nobody has answered, of one tenant. */
  erasuresOpen: 50,
  erasureReasonCharacters: 500,
  /** Entries read, and at most changed, in one transaction of an erasure. */
  erasureBatch: 1_000,
  /** Names that are looked for: more are a sign that something else was found. */
  erasureNames: 200,
  /** What was under way when the last entry had been read is written by then. */
  erasureSettlesMs: 60_000,
  /** How far before it that may stand: entries bear the time at which they were made. */
  erasureTailMs: 15 * 60_000,
  /** Entries in a receipt: a deployment of five hundred nodes has about sixty. */
  receiptEntries: 1_000,
  /** Nodes by name, over all waves: about 200 bytes each. Of longer lists the digest is left. */
  receiptNodes: 5_000,
  /** Registrations of passkeys: one for each person who has approved. */
  receiptPasskeys: 200,
  /** A company has one place where logs end up, sometimes two, and changes from one to the other. */
  streamsPerTenant: 5,
  /** In one delivery: what a receiver can take in within a second or two … */
  streamEntries: 500,
  /** … and what goes out in one piece; the largest entry fits, however it is written. */
  streamBytes: 240 * 1024,
} as const;
