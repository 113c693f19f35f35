/** Every limit of the platform in one place, with its reason. Units are in the names. */
export const limits = {
  /** A page larger than this is slower to render than to ask for twice. */
  pageItems: 200,
  pageItemsDefault: 50,
  /** Runs of one tenant that a worker takes at once, however many places it has. */
  claimsPerTenant: 50,
  /** Of each batch of due runs, for rollbacks first: the way back must not wait for what goes on. */
  rollbackShare: 0.2,
  /** JSON bodies: the largest honest one is a manifest (64 KiB) with metadata. */
  bodyBytes: 256 * 1024,
  /** Nobody nests honest JSON deeper, and every level costs whoever walks it. */
  jsonDepth: 32,
  /** Members and elements of one body: a configuration with a thousand entries is a tenth of it. */
  jsonMembers: 10_000,
  /** A full report of 400 rows with their histograms; the bytes allow hardly more. */
  reportJsonMembers: 60_000,
  /** From callers without an account: the largest honest one, an enrolment with labels, has 3 KiB. */
  publicBodyBytes: 16 * 1024,
  publicJsonDepth: 8,
  publicJsonMembers: 100,
  /** A JSON body that takes longer to arrive is held back on purpose. */
  bodyArrivesMs: 30_000,
  publicBodyArrivesMs: 10_000,
  /** More than these help nobody to mend a request, and each costs us. */
  issuesReported: 20,
  /** What one address may ask at once without an account: an office that signs in at nine o'clock. */
  strangerRequestsBurst: 300,
  /** … and per second after that: at a millisecond each, a twentieth of one processor. */
  strangerRequestsPerSecond: 50,
  /** Addresses that are remembered; the one not seen for longest is forgotten first. */
  strangerAddresses: 20_000,
  /** Of callers without an account, in one turn of the event loop: everybody else comes in between. */
  strangersPerTurn: 8,
  strangersWaiting: 1_000,
  /** A request must not wait longer to be counted than it takes to be answered. */
  rateLimiterMs: 250,
  /** Budgets that a process keeps by itself; strangers make some, by their addresses. */
  rateBudgets: 100_000,
  /** Refusals that are repeated without counting anew. */
  rateRefusals: 20_000,
  /** Pages of other origins that may call: a company has a few, and each answer looks through them. */
  corsOrigins: 50,
  manifestBytes: 64 * 1024,
  /** An artifact by default; `TIDEGATE_ARTIFACT_LIMIT_BYTES` moves it. */
  artifactBytes: 1024 * 1024 * 1024,
  /** Unpacked: a ratio bomb must not fill a node's disk. */
  unpackedBytes: 4 * 1024 * 1024 * 1024,
  /** Entries, and the folders that only their names imply: each is an inode on every node. */
  unpackedFiles: 100_000,
  /** A path and the node's own folder before it must fit into what Linux takes, 4096. */
  unpackedPathBytes: 1024,
  /** What every file system of Linux takes for one name. */
  unpackedNameBytes: 255,
  /** An honest tree, node_modules among them, is under 30 deep; each level is a step for every entry. */
  unpackedDepth: 64,
  /** All names and targets of links together: work and memory of the walk grow with it. 160 per entry. */
  unpackedNamesBytes: 16 * 1024 * 1024,
  /** One extended header: a name, times and a few attributes; macOS adds some of kilobytes. */
  unpackedHeaderBytes: 1024 * 1024,
  /** All extended headers of an archive: 640 bytes for each entry. */
  unpackedHeadersBytes: 64 * 1024 * 1024,
  /** Links followed on the way to one file: where Linux gives up, too. */
  unpackedLinkHops: 40,
  /** By hand: a rotation a month is plenty, and a script in a loop must not fill the history. */
  tokenKeysPerDay: 20,
  /** None of those may be in the way of somebody whose key was stolen. */
  tokenKeyRevocationsPerDay: 200,
  /** What is sealed is a key, a code or a link; the largest of them are private keys. */
  sealedSecretBytes: 64 * 1024,
  /** A kind and an id or two. */
  sealingContextCharacters: 200,
  /** Metadata travels in every event and list row. */
  metadataEntries: 16,
  metadataValueCharacters: 256,
  /** One wave moves in one transaction. */
  nodesPerWave: 500,
  stepsPerPlan: 400,
  journalEntries: 10_000,
  /** Kept for the way back: 400 steps with their starts, ends and a few failures. */
  journalReserve: 2_000,
  /** Kept for saying that even the way back has not found room. */
  journalLastWords: 20,
  journalDataBytes: 16 * 1024,
  /** Decisions and comments on one deployment: all are read with each look. */
  approvalDecisions: 200,
  gateStateBytes: 8 * 1024,
  gateSampleBytes: 2 * 1024,
  gateEvidenceBytes: 64 * 1024,
  /** More attempts than this is not bad luck any more. */
  stepAttempts: 5,
  /** Errors of ours in a row with one run, four minutes of them: trying on would only hide it. */
  runFailures: 10,
  /** Rollouts of one lane waiting for one slot; a longer queue is a pipeline that nobody watches. */
  queuedPerSlot: 100,
  /** What succeeded longer ago may not find any more what it needs around it. */
  rollbackDays: 90,
  /** A pause longer than a day is forgotten: it ends with an undo. */
  pauseMs: 24 * 60 * 60 * 1000,
  idempotencyKeyCharacters: 128,
  idempotencyDays: 7,
  longPollMs: 25_000,
  /** A node is Lost after this silence. */
  nodeLostMs: 20_000,
  /** A node may be between two states for a moment; longer than this it runs the wrong thing. */
  driftAfterMs: 30_000,
  /** What telling it so often has not repaired needs a person. */
  driftRepairs: 5,
  /**
   * A node may be so far ahead of the database: that was restored from a backup. More is a lie, which
   * would use the numbers up; told again and again it moves them by no more than this each time.
   */
  aheadOfDatabase: 100_000,
  /** People look at their nodes once a day. */
  suspicionShownMs: 24 * 60 * 60 * 1000,
  enrollmentTokenMs: 15 * 60 * 1000,
  reportModules: 100,
  reportMetricRows: 400,
  /** Offices, tunnels and runners of a tenant: each is asked about at every request of it. */
  allowedNetworks: 64,
  /** Of one person: two phones and one that is being replaced. */
  totpPerPerson: 3,
  passkeysPerPerson: 10,
  /** Of a cluster, and of an agent's own: each is asked about at every request of a client. */
  trustedProxies: 64,
  labelsPerNode: 16,
  /** They travel in every list row and audit entry, like metadata. */
  labelsPerEnvironment: 16,
  /** By default; `TIDEGATE_CLUSTER_DOWNLOADS` moves it. */
  downloadsPerCluster: 25,
  /** Streamed answers (artifacts) to one person, node or address: each holds a file. */
  streamsPerCaller: 4,
  /** Of the page of the document to one address: a browser takes six at once, an office has several. */
  filesPerAddress: 24,
  /** … in one process, well below the descriptors that it has. */
  streamsPerProcess: 200,
  /** A client that takes no byte of its answer for so long is not reading it. */
  readerPatienceMs: 30_000,
  /** What a reader takes buys it time at this rate, and up to so much: kernels move bytes in lumps. */
  readerBytesPerSecond: 8 * 1024,
  readerPatienceLongestMs: 60_000,
  /** A company has tens of them: names for sets of permissions, not for people. */
  rolesPerTenant: 100,
  groupsPerTenant: 1_000,
  /** Whose sessions end together when the group loses a role. */
  membersPerGroup: 2_000,
  bindingsPerSubject: 100,
  bindingsPerTenant: 10_000,
  /** Modules, or environments, that one given role is cut down to. */
  namesPerScope: 50,
  /** Roles of one person or invitation; more is what groups and roles of one's own are for. */
  rolesPerPerson: 50,
  /** A list of addresses that were invited at once by a script; who accepts is none of them any more. */
  openInvitationsPerTenant: 200,
  /** Over a long weekend. */
  invitationMs: 72 * 60 * 60 * 1000,
  /** Long enough for slow mail, short enough for a mailbox that others read later. */
  mailedProofMs: 30 * 60 * 1000,
  /** Of one value as JSON: every process keeps all that are set. */
  settingValueBytes: 16 * 1024,
  /** Environments are stages of one tenant's way to production, not a place to keep lists. */
  environmentsPerTenant: 20,
  clustersPerEnvironment: 100,
  /** Unused ones; a script that makes tokens in a loop is a mistake or worse. */
  enrollmentTokensPerCluster: 1000,
  /** Keys that are good: who needs more has pipelines that can show a token of their own CI. */
  accessKeysPerOwner: 50,
  accessKeysPerTenant: 1_000,
  accessKeyDays: 365,
  accessKeyDaysDefault: 90,
  /** A rotation that takes longer than a week is one that nobody carries out. */
  accessKeyOverlapSeconds: 7 * 86_400,
  /** Modules that a key is for; a tenant whose key needs more wants a key for all. */
  namesPerKey: 100,
  /** A minute; more than any key may is no use. */
  accessKeyRate: 100_000,
  networksPerKey: 20,
  /** People whom a directory has told us of, with those who have not come yet. */
  directoryUsersPerTenant: 5_000,
  directoryTokenDays: 365,
  directoryTokenDaysDefault: 180,
  /** Domains to which a directory may have invitations sent. */
  domainsPerDirectory: 50,
  /** Values of one attribute, in one request: a whole group, and no more. */
  scimValues: 2_000,
  scimEmails: 10,
  scimTextCharacters: 254,
  /** Of one PATCH: a directory sends changes of members one by one. */
  scimOperations: 1_000,
  scimPathCharacters: 500,
  scimFilterCharacters: 1_000,
  scimFilterDepth: 8,
  scimFilterTerms: 20,
  /** A page; fewer of groups when their members come along. */
  scimPage: 200,
  scimPageOfMembers: 20,
  serviceAccountsPerTenant: 200,
  /** Few enough to be read at a glance, and kept whole in every process. */
  tiers: 100,
  /** A quota: what JSON can say of bytes without losing one. */
  quotaAtMost: Number.MAX_SAFE_INTEGER,
  /** `tenant_<slug>` names a role of PostgreSQL, which has 63 bytes for it. */
  tenantSlugCharacters: 56,
  /** What of a task's history is kept for people. */
  tenantTaskNotes: 100,
  /** Rows in one statement of a purge: its locks are held for so long. */
  purgedRows: 1_000,
  /** After a tenant was cut off, until what its nodes and people had begun is over. */
  purgeSettlesMs: 15_000,
  /** Between two checkpoints of a log that are given to the outside; entries are sealed sooner. */
  auditCheckpointMs: 60_000,
  /** Entries sealed in one transaction. */
  auditSealedAtOnce: 5_000,
  /** Verified while somebody waits for the answer. */
  auditVerifiedEntries: 200_000,
  /** Trees of which one transaction of the sealer holds the locks. */
  auditTreesAtOnce: 50,
  /** Of a live socket: the largest honest message to us is a subscription that says what was seen. */
  socketMessageBytes: 128 * 1024,
  /** Messages that a socket may send at once, and per second after that. */
  socketMessagesBurst: 40,
  socketMessagesPerSecond: 20,
  /** Which pipelines are let in: each is looked at when a token of their issuer comes. */
  federatedIdentitiesPerTenant: 200,
  rulesPerIdentity: 10,
  clausesPerRule: 20,
  valuesPerClause: 20,
  /** They travel in every token, which travels in every request. */
  modulesPerIdentity: 40,
  issuerCharacters: 500,
  audienceCharacters: 250,
  /** Open sockets in one process: a person has few tabs, a tenant few rooms full of people. */
  socketsPerUser: 20,
  /** By default, like the one above: of an office behind one address. */
  socketsPerAddress: 200,
  socketsPerTenant: 500,
  socketsPerProcess: 5_000,
  subscriptionsPerSocket: 200,
  /** A call to an address that somebody else has named, from the look-up of its name to the last byte. */
  outboundMs: 5_000,
  /** Of its name alone: whoever runs a slow name server must not take all of it. */
  outboundLookUpMs: 3_000,
  /** Of an answer, unless the caller asks for more, and at most: a large provider's keys take 100 KiB. */
  outboundAnswerBytes: 64 * 1024,
  outboundAnswerMostBytes: 512 * 1024,
  outboundHeaderBytes: 16 * 1024,
  outboundBodyBytes: 256 * 1024,
  outboundUrlCharacters: 2_048,
  /** A name with more addresses is not one that we connect to. */
  outboundAddresses: 64,
  /** Calls under way for one key (a tenant), those that wait, and all of a process. */
  outboundPerKey: 8,
  outboundWaitingPerKey: 32,
  outboundPerProcess: 128,
  /**
   * In an hour, of one kind: whoever gets more is being pestered with them. Over all tenants, and by kind, so
   * that who is invited in vain still gets the link for a new password.
   */
  mailsPerRecipient: 5,
  /** More: others can have them sent, and must not use up those that somebody asks for themselves. */
  resetMailsPerRecipient: 20,
  /** … by one tenant, and by all people who have forgotten their password. */
  mailsPerTenant: 300,
  mailsOfSystem: 3_000,
  /** What an operator opens: a list longer than this is a network. */
  outboundOpened: 256,
  /** A company has one or two; the page on which people choose shows them all. */
  identityProvidersPerTenant: 10,
  domainsPerProvider: 20,
  /** Each is asked about at every sign-in. */
  claimRulesPerProvider: 100,
  admissionsPerProvider: 20,
  /** Of one claim, and its text: what a directory says of somebody with many groups. */
  claimValues: 1_000,
  claimValueCharacters: 256,
  /** From the first redirect until the issuer's answer: people look for their telephones. */
  signInFlowMs: 10 * 60_000,
  /** What stands in a URL is good for the moment in which a program reads it. */
  signInCodeMs: 60_000,
  /** From asking for it until a browser has opened it. */
  signInTicketMs: 2 * 60_000,
  signInRedirectCharacters: 1_000,
  /** Where an issuer's endpoints are and which of its keys sign is asked again after this. */
  issuerKeptMs: 10 * 60_000,
  issuersKept: 500,
  identitiesPerPerson: 20,
  /** Accounts, and roles, that come in without a required provider: more would be nobody's. */
  emergencyNames: 10,
  /** What waits for a socket which reads too slowly; it is cut and comes back by sequence. */
  socketBacklogBytes: 1024 * 1024,
} as const;
