/** The way by which mails leave: a server, or none. It sends one at a time and remembers nothing. */

export interface Mail {
  /** One address, without a name. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
}

export interface MailChannel {
  /** Whether mails can be sent at all. Without, whoever would send one shows its link instead. */
  readonly isOn: boolean;
  /**
   * Resolves when the other side has taken it. `id` is the same when it is sent again: by it a mail that came
   * twice is known. Throws MailRefused when it will never be taken, and `mail-unavailable` when it may be
   * later.
   */
  send(mail: Mail, id: string): Promise<void>;
}

/** The other side has said that it will not take this mail, now or later: no such mailbox. */
export class MailRefused extends Error {
  constructor(
    /** Of SMTP: 550. Its words may quote the address. */
    readonly reply: number,
  ) {
    super(`the mail server has refused the mail (${reply})`);
    this.name = 'MailRefused';
  }
}

/** The token under which Nest hands out the one MailChannel of the process. */
export const MAIL_CHANNEL = Symbol('tidegate:mail-channel');
