import type { FastifyRequest } from 'fastify';
import {
  contentEncodingUnsupported,
  expectationFailed,
  hostMissing,
  transferCodingUnsupported,
} from './listener.errors.js';

/** An authority (RFC 3986, section 3.2) without what an account would need; empty where there is none. */
const HOST = /^(?:\[[0-9A-Fa-f:.]+\]|[\w.!$&'()*+,;=~%-]*)(?::\d{0,5})?$/;

/**
 * What HTTP demands of every request and the parser lets through. Node itself would answer some of it, without
 * a word and past the log.
 *
 * @throws host-missing, expectation-failed, transfer-coding-unsupported, content-encoding-unsupported
 */
export function checkRequestForm({ raw, headers }: FastifyRequest): void {
  if (raw.httpVersion !== '1.0' || headers.host !== undefined) checkHost(raw.rawHeaders);
  const expected = headers.expect;
  if (expected !== undefined && !/^100-continue$/i.test(expected)) throw expectationFailed();
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && !/^chunked$/i.test(coding)) throw transferCodingUnsupported();
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && !/^(?:identity)?$/i.test(encoding)) {
    throw contentEncodingUnsupported();
  }
}

/** Which of two would count depends on who reads them. */
function checkHost(rawHeaders: readonly string[]): void {
  const hosts = rawHeaders.filter(
    (_, at) => at % 2 === 1 && rawHeaders[at - 1]!.toLowerCase() === 'host',
  );
  if (hosts.length !== 1 || !HOST.test(hosts[0]!)) throw hostMissing();
}
