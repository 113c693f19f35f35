import { Module } from '@nestjs/common';
import { StreamSecrets } from './stream-secrets.js';

/** What both sides have: who makes secrets, and who signs with them. */
@Module({ providers: [StreamSecrets], exports: [StreamSecrets] })
export class StreamSecretsModule {}
