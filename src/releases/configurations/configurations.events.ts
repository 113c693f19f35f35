import { eventType } from '../../platform/events/event.js';

/** Values stay out of it: some of them should have been secrets. */
export const configurationCreated = eventType<{
  readonly moduleName: string;
  readonly environment: string;
  readonly number: number;
  readonly configurationDigest: string;
}>({ name: 'configuration-created', subject: 'configuration', audit: 'configuration' });
