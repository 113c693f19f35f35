import { createHash, randomInt } from 'node:crypto';

/** For when the phone is gone: enough for a few years of lost phones, few enough to be printed. */
export const RECOVERY_CODES = 10;
/** Without those that look like another one: 16 of 32 characters are 80 bits. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const GROUPS = 4;
const GROUP_CHARACTERS = 4;

export function newRecoveryCodes(): string[] {
  return Array.from({ length: RECOVERY_CODES }, newCode);
}

/** As it is compared: how it was typed does not matter. Null: it cannot be one. */
export function plainRecoveryCode(typed: string): string | null {
  const plain = typed.toLowerCase().replace(/[\s-]/g, '').replace(/o/g, '0').replace(/[il]/g, '1');
  const isOne = plain.length === GROUPS * GROUP_CHARACTERS;
  return isOne && [...plain].every((character) => ALPHABET.includes(character)) ? plain : null;
}

/** A fast digest will do: there is nothing to guess in 80 random bits. */
export function recoveryCodeDigest(userId: string, plainCode: string): string {
  return createHash('sha256')
    .update(`tidegate:recovery-code:v1\n${userId}\n${plainCode}`)
    .digest('hex');
}

function newCode(): string {
  const characters = () =>
    Array.from({ length: GROUP_CHARACTERS }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  return Array.from({ length: GROUPS }, characters).join('-');
}
