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
  /** In which what somebody does again and again is one entry with a count. */
  foldMs: 600_000,
  /** As long for an access key from one network: one in constant use is no news. */
  keyUseFoldMs: 86_400_000,
  /** Rows that one turn of closing tells of. */
  foldsAtOnce: 100,
  /** In which refused tokens of one network are one entry. */
  refusedTokensMs: 60_000,
  /** Networks that a process counts by themselves in that time; all others are one more. */
  refusedTokenNetworks: 200,
  /** Of these in one transaction. */
  refusedTokensAtOnce: 50,
  /** Sorts of denied attempts that a process remembers. */
  deniedAttempts: 10_000,
  /** Who has asked for what is not there is counted in a process for so long, and for so many. */
  missedIdsMs: 10_000,
  missedIdsCallers: 5_000,
  /** What was noticed is kept for longer than any window in which it is looked at. */
  suspicionKeptMs: 86_400_000,
} as const;
