import { eventType } from '../platform/events/event.js';

/**
 * A cluster or an environment, whose id is the event's, may have more rollouts in flight, or fewer.
 * Who waits for that is above the fleet.
 */
export const capacityChanged = eventType({
  name: 'capacity-changed',
  subject: 'capacity',
  mustBeHeard: true,
});
