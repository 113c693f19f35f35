/** What a token of a job may be like, before anybody believes it. */
export const EXCHANGE = {
  /** GitHub’s have 2,000; GitLab’s name up to 200 groups. */
  tokenCharacters: 12_000,
  claims: 400,
  depth: 6,
  /** How far an issuer’s clock and ours may be apart. */
  skewSeconds: 60,
  idCharacters: 256,
} as const;
