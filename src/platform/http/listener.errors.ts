import { errorEntry } from '../../kernel/error-entry.js';

/** What is refused for the listener that it came to. */

export const tlsRequired = errorEntry({
  code: 'tls-required',
  kind: 'forbidden',
  meaning:
    'The request came without TLS, and nothing of it was done. What it carried may have been overheard: revoke the token or key that it showed, and call the https address.',
});

export const metricsOfMachine = errorEntry({
  code: 'metrics-of-machine',
  kind: 'forbidden',
  meaning:
    'On the main listener `/metrics` is for programs of the same machine, which call it directly: it holds figures of all tenants. Set `TIDEGATE_METRICS_LISTEN` to a listener that only your monitoring reaches.',
});

export const contentEncodingUnsupported = errorEntry({
  code: 'content-encoding-unsupported',
  kind: 'invalid',
  status: 415,
  meaning: 'Send the body as it is, without Content-Encoding.',
});

export const transferCodingUnsupported = errorEntry({
  code: 'transfer-coding-unsupported',
  kind: 'invalid',
  status: 501,
  meaning: 'The only transfer coding that this server supports is chunked.',
});

export const expectationFailed = errorEntry({
  code: 'expectation-failed',
  kind: 'invalid',
  status: 417,
  meaning: 'The only expectation that this server supports is 100-continue.',
});

export const hostMissing = errorEntry({
  code: 'host-missing',
  kind: 'invalid',
  meaning:
    'A request needs one Host header with the name of this server and, if need be, its port.',
});
