import type { KeyObject } from 'node:crypto';
import type { Provider } from '@nestjs/common';
import { type NoteSigner, verifierKeyOf } from '../../../kernel/tlog/note.js';
import { Config } from '../../../platform/config/config.js';
import { openKey } from '../../../platform/config/keys.js';

/** What a tenant's log calls itself, in its checkpoints and beside its key. Never another one's. */
export const originOf = (tenantId: string): string => `tidegate/audit/${tenantId}`;

/** The key of all logs of this installation: each log has it under a name of its own. */
export class LogKey {
  constructor(
    private readonly privateKey: KeyObject,
    private readonly publicKey: KeyObject,
  ) {}

  signerOf(tenantId: string): NoteSigner {
    return { name: originOf(tenantId), privateKey: this.privateKey };
  }

  /** What who checks the log trusts: `<name>+<key id>+<key>`. */
  verifierOf(tenantId: string): string {
    return verifierKeyOf(originOf(tenantId), this.publicKey);
  }
}

export const logKey: Provider = {
  provide: LogKey,
  inject: [Config],
  useFactory: async (config: Config) => {
    const { privateKey, publicKey } = await openKey(config, 'audit');
    return new LogKey(privateKey, publicKey);
  },
};
