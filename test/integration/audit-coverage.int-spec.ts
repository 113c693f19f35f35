/**
 * Every route that changes something has its entry in the audit log: of the right tenant, by whom, about
 * what, and with what was there before and is now. A route of which nobody has said what it records fails
 * with a sentence that says where to write it.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import type { OpenAPIObject } from '@nestjs/swagger';
import { declaredEvents } from '../../src/platform/events/event.js';
import { deedsOfChanges } from '../support/audit-coverage/deeds-of-changes.js';
import { deedsOfDirectories } from '../support/audit-coverage/deeds-of-directories.js';
import { deedsOfFleet } from '../support/audit-coverage/deeds-of-fleet.js';
import { deedsOfNotifications } from '../support/audit-coverage/deeds-of-notifications.js';
import { deedsOfPeople } from '../support/audit-coverage/deeds-of-people.js';
import { deedsOfPlatform } from '../support/audit-coverage/deeds-of-platform.js';
import { deedsOfTenants } from '../support/audit-coverage/deeds-of-tenants.js';
import { deedsOfStreams } from '../support/audit-coverage/deeds-of-streams.js';
import { eventsByCategory } from '../support/audit-coverage/categories.js';
import { perform, type Stage } from '../support/audit-coverage/deed.js';
import { changeNothing, shownIn } from '../support/audit-coverage/other-routes.js';
import { PendingApprovals } from '../support/pending-approvals.js';
import { Inhabitant } from '../isolation/inhabitant.js';
import { operationsOf } from '../isolation/operations.js';
import { furnish } from '../isolation/subjects.js';

const deeds = [
  ...deedsOfTenants,
  ...deedsOfDirectories,
  ...deedsOfFleet,
  ...deedsOfNotifications,
  ...deedsOfStreams,
  ...deedsOfChanges,
  ...deedsOfPlatform,
  ...deedsOfPeople,
];

const whatToAdd = (route: string) =>
  `${route}: nobody has said which entry it makes. Add a deed to test/support/audit-coverage/, or why it makes none to other-routes.ts.`;

let stage: Stage;
beforeAll(async () => {
  const rig = await PendingApprovals.start({ TIDEGATE_TRUSTED_PROXIES: '127.0.0.1' });
  const tenant = await Inhabitant.move(rig.app.whole, 'cvrg');
  await furnish(tenant);
  const deploying = await rig.app.tenant('acme');
  const ada = await rig.person(deploying);
  // Somebody else who may decide.
  await rig.person(deploying);
  stage = { rig, tenant, deploying, ada, operator: await rig.operator() };
}, 120_000);
afterAll(() => stage?.rig.close());

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

describe('what is done over HTTP', () => {
  it('is every route that changes something', async () => {
    const { url } = stage.rig.app.whole;
    const document = (await (await fetch(`${url}/api/openapi.json`)).json()) as OpenAPIObject;
    const routes = operationsOf(document)
      .filter(({ method }) => method !== 'GET')
      .map(({ name }) => name);
    const known = [
      ...deeds.map(({ route }) => route),
      ...Object.keys({ ...changeNothing, ...shownIn }),
    ];
    expect(routes.filter((route) => !known.includes(route)).map(whatToAdd)).toEqual([]);
    expect(known.filter((route) => !routes.includes(route))).toEqual([]);
  });

  it.each(Object.entries(shownIn))('is asked for elsewhere: %s', async (_, { spec, action }) => {
    const text = await readFile(new URL(`./${spec}.int-spec.ts`, import.meta.url), 'utf8');
    expect(text).toContain(`'${action}'`);
  });

  it.each(deeds.map((deed) => [deed.route, deed] as const))('is in the log: %s', (_, deed) =>
    perform(stage, deed),
  );
});
