import { errorEntry } from '../../kernel/error-entry.js';

/** What sending a mail can answer. */

export const mailOff = errorEntry({
  code: 'mail-off',
  kind: 'unprocessable',
  meaning:
    'This installation sends no mail. Ask the operator to set TIDEGATE_SMTP_URL, or hand the link over yourself where it is shown.',
});

export const mailAddressInvalid = errorEntry({
  code: 'mail-address-invalid',
  kind: 'unprocessable',
  meaning: 'This is not a single e-mail address like ada@example.org. Write it without a name.',
});

export const mailLimitReached = errorEntry({
  code: 'mail-limit-reached',
  kind: 'limit',
  meaning:
    'Too many mails have been sent in the last hour, to the address or by the tenant (`details.per`). Try again later.',
  tell: (per: 'address' | 'tenant') => ({
    text: `Too many mails have been sent ${per === 'address' ? 'to this address' : 'by this tenant'} in the last hour. Try again later.`,
    details: { per, retryAfterSeconds: 600 },
  }),
});

export const mailUnavailable = errorEntry({
  code: 'mail-unavailable',
  kind: 'unavailable',
  meaning: 'The mail server is not accepting mail now. It is kept and sent later.',
  tell: (cause: unknown) => ({ cause }),
});
