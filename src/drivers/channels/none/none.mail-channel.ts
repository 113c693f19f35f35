import type { MailChannel } from '../mail-channel.js';
import { mailOff } from '../mail.errors.js';

/** No server was named. Says so instead of losing a mail. */
export const noMailChannel: MailChannel = {
  isOn: false,
  send: async () => {
    throw mailOff();
  },
};
