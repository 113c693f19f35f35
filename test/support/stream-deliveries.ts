/** What a receiver of an audit stream has got, as it reads it. */
import { createHmac } from 'node:crypto';
import { openCheckpoint } from '../../src/kernel/tlog/checkpoint.js';
import { parseVerifierKey } from '../../src/kernel/tlog/note.js';
import { leafHash } from '../../src/kernel/tlog/tree.js';
import { LogVerifier } from '../../src/kernel/tlog/verify-log.js';
import type { Received } from './receiver.js';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- lines are looked at, not typed
type Line = any;

export const rangeOf = ({ headers }: Received) =>
  [headers['tidegate-from'], headers['tidegate-to']].map(Number) as [number, number];
export const linesOf = (deliveries: readonly Received[]): Line[] =>
  deliveries.flatMap(({ body }) =>
    body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  );
export const sequencesOf = (deliveries: readonly Received[]): number[] =>
  linesOf(deliveries)
    .map(({ sequence }) => sequence)
    .filter((sequence) => sequence !== undefined);
/** All from the second up to the first. */
export const upTo = (size: number, from = 0) =>
  Array.from({ length: size - from }, (_, at) => from + at);

/** As a receiver that has the secret makes it itself. */
export function signatureOf({ headers, body }: Received, secret: string): string {
  const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  return `v1,${createHmac('sha256', key).update(content).digest('base64')}`;
}

/** What a receiver makes of all of it, with nothing but what came and the key of the log. */
export function verifierOf(deliveries: readonly Received[], key: string): LogVerifier {
  const verifiers = [parseVerifierKey(key)];
  const verifier = new LogVerifier();
  for (const line of linesOf(deliveries)) {
    if (line.checkpoint === undefined) {
      const { sequence, leaf, personal } = line;
      verifier.entry({ sequence, leaf, personal, hash: leafHash(Buffer.from(leaf)) });
    } else {
      verifier.checkpoint(openCheckpoint(line.checkpoint, verifiers), 'the stream');
    }
  }
  return verifier;
}
