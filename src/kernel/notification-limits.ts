/** Limits of telling people, with their reasons; beside `limits.ts`, which is as long as a file may be. */
export const notificationLimits = {
  /** Where people are told: a team has a chat, a mailbox and a webhook or two. */
  channelsPerTenant: 50,
  /** Of one channel; a list of people is a mailing list's business. */
  addressesPerChannel: 10,
  /** Of a message: people read a screen of it, chats cut what is longer. */
  messageTextCharacters: 8_000,
  messageHtmlCharacters: 24_000,
  messageFields: 20,
  messageFieldNameCharacters: 100,
  messageFieldCharacters: 1_000,
  /** The body of its event, as JSON: what events of this platform have fits several times. */
  messageBodyBytes: 16 * 1024,
  /** What is kept of a receiver's answer: enough to see what it complains about. */
  deliveryAnswerCharacters: 2_000,
  /** In one lane: a day of an event a minute. What comes on top is not sent unless somebody says so. */
  deliveriesWaitingPerLane: 1_500,
  /** While a signing secret is replaced, the one before signs as well. */
  signingOverlapMs: 24 * 60 * 60_000,
  /** In an hour, to one address: a rollout tells of itself several times, and there are several. */
  notificationMailsPerRecipient: 60,
  /** … by one tenant: a third of its mails is left for invitations and links. */
  notificationMailsPerTenant: 200,
  /** Few enough to be matched in one look. */
  subscriptionsPerTenant: 500,
  subscriptionsPerPerson: 50,
  namesPerSubscription: 50,
} as const;
