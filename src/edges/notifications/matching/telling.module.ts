import { Module } from '@nestjs/common';
import { MailModule } from '../../../drivers/channels/mail/mail.module.js';
import { DeliveriesModule } from '../deliveries/deliveries.module.js';
import { Teller } from './teller.js';

/** For the consumer of the outbox that tells people. */
@Module({ imports: [MailModule, DeliveriesModule], providers: [Teller], exports: [Teller] })
export class TellingModule {}
