import type { Server } from 'node:tls';
import { messageOf } from '../../../kernel/errors.js';
import type { Logger } from '../../logging/logger.js';
import type { Metrics } from '../../metrics/metrics.js';
import {
  type Certificate,
  type CertificateFiles,
  readCertificate,
  tlsOptions,
} from './certificate.js';

/** Read anew and compared: links that are moved (as Kubernetes does) raise no event of the file. */
const LOOK_MS = 2_000;

interface Parts {
  readonly files: CertificateFiles;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * A renewed certificate is served without a restart: to connections that come after it. A pair that is
 * half written, or wrong, leaves the former one in place and is told of once.
 */
export class CertificateWatch {
  private timer: NodeJS.Timeout | undefined;
  private complaint: string | undefined;
  private readonly expiry: (at: Date) => void;

  constructor(
    private readonly server: Pick<Server, 'setSecureContext'>,
    private current: Certificate,
    private readonly parts: Parts,
  ) {
    const gauge = parts.metrics.gauge({
      name: 'tls_certificate_expires_timestamp_seconds',
      help: 'When the certificate that is served is over.',
    });
    this.expiry = (at) => gauge.set(at.getTime() / 1000);
    this.expiry(current.expiresAt);
  }

  start(): void {
    this.timer = setTimeout(() => {
      void this.look().finally(() => this.timer && this.start());
    }, LOOK_MS);
    this.timer.unref();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  async look(): Promise<void> {
    const { logger } = this.parts;
    try {
      const found = await readCertificate(this.parts.files);
      this.complaint = undefined;
      if (found.cert === this.current.cert && found.key === this.current.key) return;
      this.server.setSecureContext(tlsOptions(found));
      this.current = found;
      this.expiry(found.expiresAt);
      logger.info({ expiresAt: found.expiresAt }, 'another certificate is served from now on');
    } catch (error) {
      const complaint = messageOf(error);
      if (complaint === this.complaint) return;
      this.complaint = complaint;
      logger.warn({ error: complaint }, 'the former certificate is still served');
    }
  }
}
