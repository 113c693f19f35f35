import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { messageOf } from '../../../kernel/errors.js';
import { ConfigError } from '../../config/config-error.js';

export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** A certificate with its chain, and the key that belongs to it. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly expiresAt: Date;
}

/**
 * TLS 1.2 with forward secrecy and authenticated encryption only, and all of 1.3. What any browser or
 * library of the last ten years speaks.
 */
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
].join(':');

export function tlsOptions({ cert, key }: Certificate): SecureContextOptions {
  return { cert, key, minVersion: 'TLSv1.2', ciphers: CIPHERS, honorCipherOrder: true };
}

/** Throws ConfigError with a sentence that says what to do. */
export async function readCertificate(files: CertificateFiles): Promise<Certificate> {
  const cert = await read('TIDEGATE_TLS_CERT', files.certFile);
  const key = await read('TIDEGATE_TLS_KEY', files.keyFile);
  const own = parse('TIDEGATE_TLS_CERT', files.certFile, 'a PEM certificate', () => {
    return new X509Certificate(cert);
  });
  const isOwn = parse('TIDEGATE_TLS_KEY', files.keyFile, 'a PEM private key', () => {
    return own.checkPrivateKey(createPrivateKey(key));
  });
  if (!isOwn) {
    throw new ConfigError([
      `The key of TIDEGATE_TLS_KEY (${files.keyFile}) does not belong to the first certificate of TIDEGATE_TLS_CERT (${files.certFile}): give the pair that was issued together, the server's own certificate first.`,
    ]);
  }
  const certificate = { cert, key, expiresAt: new Date(own.validTo) };
  // Keys that are too weak and chains that are none come to light here, not at the first client.
  parse('TIDEGATE_TLS_CERT', files.certFile, 'acceptable to OpenSSL', () => {
    return createSecureContext(tlsOptions(certificate));
  });
  return certificate;
}

async function read(name: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code = messageOf(error) } = error as NodeJS.ErrnoException;
    throw new ConfigError([`${name} names ${file}, which cannot be read (${code}).`]);
  }
}

function parse<T>(name: string, file: string, what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    // OpenSSL's words name no content of the file.
    throw new ConfigError([`${name} names ${file}, which is not ${what}: ${messageOf(error)}.`]);
  }
}
