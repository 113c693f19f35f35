/** What a person's passkeys are asked to sign at once: one decision, and some that were given up. */
export const OPEN_CHALLENGES = 20;

/** Until it is answered; PINs and fingers take seconds. */
export const CHALLENGE_MS = 5 * 60_000;
