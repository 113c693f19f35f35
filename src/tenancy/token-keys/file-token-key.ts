import { openKey } from '../../platform/config/keys.js';
import type { Config } from '../../platform/config/config.js';
import { tokenKeyOf, type TokenKey } from './token-key.js';

/** The key in the operator's file: the first version, and a new one whenever it is another than before. */
export class FileTokenKey {
  constructor(readonly key: TokenKey) {}

  /** Throws ConfigError. */
  static async open(config: Config): Promise<FileTokenKey> {
    return new FileTokenKey(tokenKeyOf((await openKey(config, 'signing')).privateKey));
  }
}
