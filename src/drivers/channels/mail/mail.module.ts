import { Module } from '@nestjs/common';
import { Config } from '../../../platform/config/config.js';
import { Metrics } from '../../../platform/metrics/metrics.js';
import { OutsideMetrics } from '../../../platform/outside/outside.metrics.js';
import { MAIL_CHANNEL } from '../mail-channel.js';
import { openMailChannel } from '../mail-channels.js';
import { MailSender } from './mail-sender.js';
import { Mailer } from './mailer.js';

/** For whoever has a reason for a mail. */
@Module({
  providers: [
    {
      provide: MAIL_CHANNEL,
      useFactory: (config: Config, metrics: Metrics) =>
        openMailChannel(config, OutsideMetrics.of(metrics).observer('mail')),
      inject: [Config, Metrics],
    },
    Mailer,
  ],
  exports: [MAIL_CHANNEL, Mailer],
})
export class MailModule {}

/** Sends them: in the worker. */
@Module({ imports: [MailModule], providers: [MailSender] })
export class MailSenderModule {}
