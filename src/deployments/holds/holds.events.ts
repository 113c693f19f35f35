import { eventType } from '../../platform/events/event.js';

export type HoldBody = {
  readonly module: string;
  readonly environment: string;
  readonly cluster: string;
  readonly deploymentId: string;
  readonly reason: string | null;
};

export const holdPlaced = eventType<HoldBody>({
  name: 'hold-placed',
  subject: 'hold',
  audit: 'approval',
  delivered: true,
});

export const holdReleased = eventType<HoldBody>({
  name: 'hold-released',
  subject: 'hold',
  audit: 'approval',
  delivered: true,
});
