/**
 * What mails say. Plain text first; the HTML says the same and nothing else, without pictures or styles that
 * are fetched from anywhere. A name that somebody has chosen is text in both.
 */
import { isIP } from 'node:net';
import { printable } from '../../../kernel/text.js';
import type { WrittenMail } from './mailer.js';

const PRODUCT = 'Tidegate';
/** Names are people's; a longer one is an attempt to write the mail. */
const NAME_CHARACTERS = 100;

interface Linked {
  readonly to: string;
  /** Good once, until then. */
  readonly link: string;
  readonly goodUntil: Date;
}

export interface Invitation extends Linked {
  readonly tenantName: string;
  readonly inviterName: string;
}

export function invitationMail(facts: Invitation): WrittenMail {
  const { to, link, goodUntil } = facts;
  const [tenant, inviter] = [named(facts.tenantName), named(facts.inviterName)];
  return written({ kind: 'invitation', to, goodUntil }, `Invitation to ${tenant} on ${PRODUCT}`, [
    `${inviter} invites you to ${tenant} on ${PRODUCT}.`,
    'To accept, open this link:',
    { link },
    `It works once, until ${time(goodUntil)}.`,
    'If you do not know what this is about, ignore this mail: nothing happens without you.',
  ]);
}

export function passwordResetMail({ to, link, goodUntil }: Linked): WrittenMail {
  return written({ kind: 'password-reset', to, goodUntil }, `Reset your ${PRODUCT} password`, [
    `Somebody, probably you, has asked to reset the password of your ${PRODUCT} account.`,
    'To choose a new one, open this link:',
    { link },
    `It works once, until ${time(goodUntil)}.`,
    'If it was not you, ignore this mail: your password stays as it is. If such mails keep coming, tell your administrator.',
  ]);
}

export function emailConfirmationMail({ to, link, goodUntil }: Linked): WrittenMail {
  return written({ kind: 'email-change', to, goodUntil }, `Confirm your ${PRODUCT} address`, [
    `Somebody, probably you, wants to use this address for a ${PRODUCT} account.`,
    'To confirm it, open this link:',
    { link },
    `It works once, until ${time(goodUntil)}.`,
    'If it was not you, ignore this mail: nothing happens without you.',
  ]);
}

const CHANGES = {
  password: 'Your password was changed',
  'factor-added': 'A second factor was added to your account',
  'factor-removed': 'A second factor was removed from your account',
  'factors-reset':
    'An administrator has removed the second factors of your account and signed you out',
  'recovery-codes': 'Your recovery codes were replaced',
  email: 'The e-mail address of your account was changed',
} as const;

export interface CredentialChange {
  readonly to: string;
  readonly change: keyof typeof CHANGES;
  readonly at: Date;
  /** From where, as far as it is known. */
  readonly network: string | null;
  readonly goodUntil: Date;
}

export function credentialChangedMail(facts: CredentialChange): WrittenMail {
  const { to, change, at, network, goodUntil } = facts;
  const place = network !== null && isIP(network) === 0 ? named(network) : network;
  const from = place === null ? '' : `, from ${place}`;
  return written({ kind: 'credential-changed', to, goodUntil }, `${CHANGES[change]} (${PRODUCT})`, [
    `${CHANGES[change]} on ${PRODUCT}, at ${time(at)}${from}.`,
    'If it was you, there is nothing to do.',
    'If it was not you, reset your password at once and tell your administrator: somebody else has been in your account.',
  ]);
}

type Paragraph = string | { readonly link: string };

function written(
  head: Pick<WrittenMail, 'kind' | 'to' | 'goodUntil'>,
  subject: string,
  paragraphs: readonly Paragraph[],
): WrittenMail {
  const text = paragraphs.map((part) => (typeof part === 'string' ? part : part.link));
  const html = paragraphs.map((part) =>
    typeof part === 'string'
      ? `<p>${escaped(part)}</p>`
      : `<p><a href="${escaped(part.link)}">${escaped(part.link)}</a></p>`,
  );
  return {
    ...head,
    subject,
    text: `${text.join('\n\n')}\n\n-- \n${PRODUCT}\n`,
    html: `<!doctype html><html lang="en"><body>${html.join('')}</body></html>`,
  };
}

/** One line, as text. A dot in it must not become a link in somebody's mail program. */
function named(name: string): string {
  const line = printable(name).replace(/\s+/g, ' ').trim();
  return line.replace(/[./:@]/g, '$&\u2060').slice(0, NAME_CHARACTERS);
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** `30 November 2026, 03:15 UTC`. */
function time(at: Date): string {
  const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(at);
  return `${day}, ${at.toISOString().slice(11, 16)} UTC`;
}
