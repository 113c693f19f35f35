import { eventType } from '../platform/events/event.js';

export const releasePushed = eventType<{
  readonly moduleName: string;
  readonly version: string;
  readonly releaseDigest: string;
  /** Null: nobody signed it. */
  readonly keyId: string | null;
}>({ name: 'release-pushed', subject: 'release', audit: 'release' });
