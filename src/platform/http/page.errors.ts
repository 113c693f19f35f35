import { errorEntry } from '../../kernel/error-entry.js';

/** What a browser is refused that shows a session by its cookie. */

export const foreignPage = errorEntry({
  code: 'foreign-page',
  kind: 'forbidden',
  meaning:
    'A session by cookie counts for pages of this server alone: the request has to come from the same origin, and one that changes something says so in `Origin` and carries `X-Tidegate-Page: 1`. Programs send `Authorization: Bearer` instead. Behind a proxy, pass the Host header on, or set `TIDEGATE_PUBLIC_URL` to the address in the browser.',
});

export const httpsNeeded = errorEntry({
  code: 'https-needed',
  kind: 'forbidden',
  meaning:
    'A session by cookie needs https, except on this machine (http://localhost). Give the server a certificate (`TIDEGATE_TLS_CERT`), or put a proxy with one before it and set `TIDEGATE_PUBLIC_URL`.',
});
