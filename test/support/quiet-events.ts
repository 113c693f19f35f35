import { Events } from '../../src/platform/events/events.js';

/** Records into the audit trail alone: nobody listens. */
export const quietEvents = (): Events => new Events({ publish: () => undefined });
