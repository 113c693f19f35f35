import type { Type } from '@nestjs/common';
import { NotificationsConsumer } from '../edges/notifications/matching/notifications.consumer.js';
import { TellingModule } from '../edges/notifications/matching/telling.module.js';
import type { OutboxConsumer } from '../platform/outbox/outbox-consumer.js';
import { OutboxModule } from '../platform/outbox/outbox.module.js';

/** Who hears of every journal entry: one line each. API and worker must have the same list. */
const consumers: readonly Type<OutboxConsumer>[] = [NotificationsConsumer];

/** One object for both: Nest tells dynamic modules apart by identity. */
export const outboxModule = OutboxModule.forRoot(consumers, [TellingModule]);
