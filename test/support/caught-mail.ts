import { AccountMail } from '../../src/tenancy/account-mail.js';
import type { IdentityApp } from './identity-app.js';

/** What was sent, as the sender's method was called. */
export interface CaughtLetter {
  readonly kind: string;
  readonly to: string;
  readonly link?: string;
  readonly change?: string;
}

export interface CaughtMail {
  readonly letters: CaughtLetter[];
  /** The token of the newest link to that address. */
  readonly tokenTo: (to: string) => string;
  turnOff(): void;
}

const SENDERS = [
  'sendInvitation',
  'sendPasswordReset',
  'sendEmailConfirmation',
  'sendAccountChanged',
] as const;

/** From now on mail is on, and goes nowhere else than here. */
export function catchMail({ app }: IdentityApp): CaughtMail {
  const mail: object = app.get(AccountMail);
  const letters: CaughtLetter[] = [];
  const turn = (isOn: boolean) =>
    Object.defineProperty(mail, 'isOn', { value: isOn, configurable: true });
  turn(true);
  for (const kind of SENDERS) {
    const send = (letter: Omit<CaughtLetter, 'kind'>) => {
      letters.push({ ...letter, kind });
      return Promise.resolve();
    };
    Object.assign(mail, { [kind]: send });
  }
  const tokenTo = (to: string) => {
    const found = letters.findLast((letter) => letter.to === to && letter.link !== undefined);
    if (!found?.link) throw new Error(`nothing was mailed to ${to}`);
    return found.link.split('#')[1]!;
  };
  return { letters, tokenTo, turnOff: () => void turn(false) };
}
