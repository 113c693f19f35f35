import { Module } from '@nestjs/common';
import { MailModule } from '../../../drivers/channels/mail/mail.module.js';
import { ChannelPost } from './channel-post.js';
import { ChannelSecrets } from './channel-secrets.js';

/** What sends to channels: in the API for tests, in the worker for deliveries. */
@Module({
  imports: [MailModule],
  providers: [ChannelSecrets, ChannelPost],
  exports: [MailModule, ChannelSecrets, ChannelPost],
})
export class ChannelsModule {}
