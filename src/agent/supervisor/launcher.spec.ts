import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { ReleaseStore } from '../artifacts/release-store.js';
import { Journal } from '../journal/journal.js';
import { InstanceEnds } from './instance-ends.js';
import { Instances } from './instances.js';
import { Launcher } from './launcher.js';
import { ModuleAccess } from './module-access.js';
import { ModuleUsers } from './module-user.js';
import { isAlive, type ProcessIdentity } from './proc.js';
import { endFamily } from './end-family.js';
import { Families } from './families.js';
import { hasLeaderEndedWithin } from './process-group.js';
import type { ReleaseSpec } from './release-spec.js';

const home = mkdtempSync(join(tmpdir(), 'tidegate-launcher-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

it('leaves no process running whose pid could not be written down', async () => {
  const journal = Journal.open(join(home, 'journal'));
  const directory = join(home, 'release');
  mkdirSync(directory);
  const families = new Families();
  const launcher = new Launcher({
    journal,
    families,
    ends: new InstanceEnds(families),
    controlGroups: null,
    nodeName: 'n',
    instances: new Instances(journal, families),
    users: ModuleUsers.none,
    access: new ModuleAccess(home),
    secrets: [],
    baseEnvironment: { PATH: '/usr/bin:/bin' },
    onExit: () => undefined,
    releases: {
      moduleDirectory: () => home,
      directoryOf: () => directory,
    } as unknown as ReleaseStore,
  });
  // The disk has become full between the two records.
  let spawned: ProcessIdentity | undefined;
  jest.spyOn(journal, 'instanceStarted').mockImplementation((_instance, identity) => {
    spawned = identity;
    throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  });
  const spec = {
    slot: 's',
    release: { releaseId: 'r', version: '1', configuration: {} },
    manifest: { run: { command: 'sleep', args: ['60'], env: {} }, configuration: {} },
  } as unknown as ReleaseSpec;
  try {
    await expect(launcher.ensure('m', 'm', spec)).rejects.toMatchObject({ code: 'start-failed' });
    expect(await hasLeaderEndedWithin(spawned!, 5000)).toBe(true);
    expect(isAlive(spawned!)).toBe(false);
    expect(journal.instances()).toEqual([]);
  } finally {
    if (spawned) await endFamily(families, { id: 'x', identity: spawned }, 0);
    journal.close();
  }
});
