/** How long a proof that it is they lets people do what matters most. */
export const PROOF_MS = 5 * 60_000;
