import { errorEntry } from '../../kernel/error-entry.js';
import {
  PASSWORD_CHARACTERS,
  PASSWORD_LEAST_CHARACTERS,
  type PasswordFault,
} from './password-rules.js';

const wordsOf: Readonly<Record<PasswordFault, string>> = {
  'too-short': `A password has at least ${PASSWORD_LEAST_CHARACTERS} characters; a sentence is easy to remember.`,
  'too-long': `A password has at most ${PASSWORD_CHARACTERS} characters.`,
  common: 'This password is on the lists that guessers begin with. Choose another one.',
  'own-name':
    'This password is made of your name, your address or the name of this product. Choose another one.',
  repeated: 'This password repeats the same few characters. Choose another one.',
};

export const passwordRefused = errorEntry({
  code: 'password-refused',
  kind: 'unprocessable',
  meaning:
    'The new password is too short, too long, well known, or made of your own name; `details.reason` says which. There are no other rules.',
  tell: (fault: PasswordFault) => ({ text: wordsOf[fault], details: { reason: fault } }),
});

export const passwordWrong = errorEntry({
  code: 'password-wrong',
  kind: 'forbidden',
  meaning: 'The current password is wrong. Nothing was changed.',
});

export const resetInvalid = errorEntry({
  code: 'reset-invalid',
  kind: 'unprocessable',
  meaning:
    'The link for a new password is unknown, used or older than 30 minutes. Ask for another one.',
});

export const mailIsOff = errorEntry({
  code: 'mail-is-off',
  kind: 'conflict',
  meaning:
    'This installation sends no mail. Ask its operator: they can give an account another password or address.',
});

export const resetThrottled = errorEntry({
  code: 'reset-throttled',
  kind: 'limit',
  meaning:
    'Too many links for a new password were asked for, for this address or from yours. Wait as long as Retry-After says.',
  tell: (waitMs: number) => {
    const retryAfterSeconds = Math.ceil(waitMs / 1000);
    return {
      text: `Too many links for a new password were asked for. Try again in ${retryAfterSeconds} s.`,
      details: { retryAfterSeconds },
    };
  },
});
