import { Injectable } from '@nestjs/common';

/** To whom, and the address under which the installation is reached. */
export interface Letter {
  readonly to: string;
}

export interface InvitationLetter extends Letter {
  readonly tenant: string;
  readonly invitedBy: string;
  readonly link: string;
  readonly expiresAt: Date;
}

export interface LinkLetter extends Letter {
  readonly username: string;
  readonly link: string;
  readonly expiresAt: Date;
}

export interface ChangeLetter extends Letter {
  readonly username: string;
  /** A sentence: what was changed, and from where. */
  readonly what: string;
}

/** Mail about accounts. Links and tokens go to the recipient alone: never into a log or an error. */
export abstract class AccountMail {
  abstract readonly isOn: boolean;

  abstract sendInvitation(letter: InvitationLetter): Promise<void>;

  abstract sendPasswordReset(letter: LinkLetter): Promise<void>;

  abstract sendEmailConfirmation(letter: LinkLetter): Promise<void>;

  abstract sendAccountChanged(letter: ChangeLetter): Promise<void>;
}

/** Of an installation without mail. */
@Injectable()
export class NoAccountMail extends AccountMail {
  readonly isOn = false;

  sendInvitation(): Promise<void> {
    return refuse();
  }

  sendPasswordReset(): Promise<void> {
    return refuse();
  }

  sendEmailConfirmation(): Promise<void> {
    return refuse();
  }

  sendAccountChanged(): Promise<void> {
    return Promise.resolve();
  }
}

function refuse(): Promise<never> {
  return Promise.reject(new Error('mail is off, and somebody did not ask'));
}
