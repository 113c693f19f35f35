import { readFile } from 'node:fs/promises';
import { ConfigError } from '../../../platform/config/config-error.js';
import type { Config } from '../../../platform/config/config.js';
import type { Logger } from '../../../platform/logging/logger.js';
import { destinationOf } from '../../../platform/outbound/destination.js';
import { GuardedFetch } from '../../../platform/outbound/guarded-fetch.js';
import { OpenedDestinations } from '../../../platform/outbound/opened-destinations.js';
import { WebhookSink } from './webhook-sink.js';

const SECRET = /^whsec_[A-Za-z0-9+/]{32,200}={0,2}$/;

/** Null: the operator has named none. Throws ConfigError. */
export async function openWebhookSink(config: Config, log: Logger): Promise<WebhookSink | null> {
  const { url, keyFile } = config.auditAnchor;
  if (url === null) return null;
  const fetch = new GuardedFetch({ opened: openedFor(url), log });
  return new WebhookSink({ url, secret: await readSecret(keyFile) }, fetch);
}

/** Whoever has named it runs this installation: it may be a host inside. */
function openedFor(url: string): OpenedDestinations {
  try {
    const { host, port } = destinationOf(url);
    return OpenedDestinations.parse(host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);
  } catch (error) {
    const why = (error as Error).message;
    throw new ConfigError([`TIDEGATE_AUDIT_ANCHOR_URL cannot be called: ${why}`]);
  }
}

async function readSecret(file: string | null): Promise<string> {
  const name = 'TIDEGATE_AUDIT_ANCHOR_SECRET_FILE';
  const make = `make one with \`echo "whsec_$(openssl rand -base64 32)"\``;
  if (file === null) throw new ConfigError([`TIDEGATE_AUDIT_ANCHOR_URL needs ${name}: ${make}.`]);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError([
      `${name} (${file}) cannot be read (${error.code ?? 'unknown error'}): check the path and its rights.`,
    ]);
  });
  const secret = text.trim();
  if (!SECRET.test(secret)) {
    throw new ConfigError([`${name} (${file}) must hold a secret of webhooks: ${make}.`]);
  }
  return secret;
}
