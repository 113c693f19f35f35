import { Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { Events } from '../../../platform/events/events.js';
import { groupDeleted } from '../../../tenancy/groups/groups.events.js';
import { userRemoved } from '../../../tenancy/users/users.events.js';
import { channelDeleted } from '../channels/channels.events.js';
import { SubscriptionsController } from './subscriptions.controller.js';
import { SubscriptionsService } from './subscriptions.service.js';
import { removeSubscriptionsOf, removeSubscriptionsTo, setMuted } from './subscriptions.store.js';
import { TemplatesController } from './templates.controller.js';

/** What belongs to somebody goes with them. */
@Injectable()
class SubscriptionEndings implements OnModuleInit {
  constructor(private readonly events: Events) {}

  onModuleInit(): void {
    this.events.hear(groupDeleted, (open, { subjectId }) =>
      removeSubscriptionsOf(open, 'group', subjectId),
    );
    this.events.hear(channelDeleted, (open, { subjectId }) =>
      removeSubscriptionsTo(open, subjectId),
    );
    this.events.hear(userRemoved, async (open, { subjectId }) => {
      await removeSubscriptionsOf(open, 'user', subjectId);
      await setMuted(open, subjectId, []);
    });
  }
}

@Module({
  controllers: [SubscriptionsController, TemplatesController],
  providers: [SubscriptionsService, SubscriptionEndings],
})
export class SubscriptionsModule {}
