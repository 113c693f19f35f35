import { mailAddressInvalid } from './mail.errors.js';

/** As much as mailboxes in use have: no quotes, no comments, no names, no list, nothing but ASCII. */
const ADDRESS =
  /^(?=.{3,254}$)(?=.{1,64}@)[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;

export function isMailAddress(text: string): boolean {
  return ADDRESS.test(text);
}

/** Throws `mail-address-invalid`. */
export function checkMailAddress(text: string): string {
  if (!isMailAddress(text)) throw mailAddressInvalid();
  return text;
}

const SUBJECT_CHARACTERS = 200;
/** Controls, line and paragraph separators, and what turns the direction of writing. */
const BREAKS = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu;

/** A header has one line: whatever a name brings along ends in spaces. */
export function oneLine(text: string): string {
  const line = text.replace(BREAKS, ' ').replace(/ {2,}/g, ' ').trim();
  return line.slice(0, SUBJECT_CHARACTERS).toWellFormed();
}
