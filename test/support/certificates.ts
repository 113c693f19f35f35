/**
 * Certificates for servers of tests, made here: an authority of our own, and what it signs. As much of X.509
 * as TLS asks for, in DER.
 */
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIPv4 } from 'node:net';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  /** Its own certificate. */
  readonly cert: string;
  /** For names and IPv4 addresses; `days` below zero: it is over. */
  issue(names: readonly string[], days?: number): Certificate;
}

export function authority(name = 'Authority of a test'): Authority {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const isAuthority = extension('551d13', true, sequence(der(0x01, Buffer.from([0xff]))));
  const issuer = { name, privateKey };
  return {
    cert: certificate({ issuer, subject: name, publicKey, days: 1, extension: isAuthority }),
    issue(names, days = 1) {
      const own = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
      const alternatives = sequence(...names.map(alternativeName));
      return {
        cert: certificate({
          issuer,
          subject: names[0]!,
          publicKey: own.publicKey,
          days,
          extension: extension('551d11', false, alternatives),
        }),
        key: own.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      };
    },
  };
}

interface Wanted {
  readonly issuer: { readonly name: string; readonly privateKey: KeyObject };
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly days: number;
  readonly extension: Buffer;
}

/** ecdsa-with-SHA256 */
const ALGORITHM = sequence(der(0x06, Buffer.from('2a8648ce3d040302', 'hex')));
const DAY_MS = 24 * 60 * 60_000;

function certificate({ issuer, subject, publicKey, days, extension: more }: Wanted): string {
  const until = Date.now() + days * DAY_MS;
  const signed = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ALGORITHM,
    distinguished(issuer.name),
    sequence(time(Math.min(until, Date.now()) - DAY_MS), time(until)),
    distinguished(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(more)),
  );
  const signature = sign('sha256', signed, issuer.privateKey);
  const whole = sequence(signed, ALGORITHM, der(0x03, Buffer.concat([Buffer.alloc(1), signature])));
  const lines = whole.toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function extension(oid: string, isCritical: boolean, value: Buffer): Buffer {
  const critical = isCritical ? der(0x01, Buffer.from([0xff])) : Buffer.alloc(0);
  return sequence(der(0x06, Buffer.from(oid, 'hex')), critical, der(0x04, value));
}

function alternativeName(name: string): Buffer {
  return isIPv4(name)
    ? der(0x87, Buffer.from(name.split('.').map(Number)))
    : der(0x82, Buffer.from(name));
}

/** A common name. */
function distinguished(name: string): Buffer {
  const part = sequence(der(0x06, Buffer.from('550403', 'hex')), der(0x0c, Buffer.from(name)));
  return sequence(der(0x31, part));
}

function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '');
  return der(0x18, Buffer.from(text));
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, ...parts);
}

function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const size = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
