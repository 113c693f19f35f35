import { Module } from '@nestjs/common';
import { Config } from '../../platform/config/config.js';
import { AccessTokenKeys } from './access-token-keys.js';
import { FileTokenKey } from './file-token-key.js';
import { TokenKeyKeeper } from './token-key-keeper.js';
import { TokenKeyTurns } from './token-key-turns.js';
import { TokenKeyVersions } from './token-key-versions.js';
import { TokenKeysController } from './token-keys.controller.js';
import { TokenKeysService } from './token-keys.service.js';
import { TokenSigner } from './token-signer.js';

/** The keys that sign access tokens, version after version. */
@Module({
  controllers: [TokenKeysController],
  providers: [
    {
      provide: FileTokenKey,
      inject: [Config],
      useFactory: (config: Config) => FileTokenKey.open(config),
    },
    AccessTokenKeys,
    { provide: TokenSigner, useExisting: AccessTokenKeys },
    TokenKeyKeeper,
    TokenKeyTurns,
    TokenKeyVersions,
    TokenKeysService,
  ],
  exports: [AccessTokenKeys, TokenSigner],
})
export class TokenKeysModule {}
