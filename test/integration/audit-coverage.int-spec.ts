import { declaredEvents } from '../../src/platform/events/event.js';
import { eventsByCategory } from '../support/audit-coverage/categories.js';
import '../../src/apps/api/api.module.js';
import '../../src/apps/worker/worker.module.js';

describe('an event', () => {
  it('is kept in the category in which it has always been', () => {
    const declared = declaredEvents().filter(({ audit }) => audit !== undefined);
    const expected = Object.entries(eventsByCategory).flatMap(([category, names]) =>
      names.map((name) => `${category} ${name}`),
    );
    expect(declared.map(({ audit, eventName }) => `${audit} ${eventName}`).sort()).toEqual(
      expected.sort(),
    );
  });
});
