import { chmod, chown, mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModuleUser } from './module-user.js';

/**
 * Lets a module's user, who is not the agent's, read what it runs, and nothing else of the agent's
 * folder: what leads there may be gone through and not be listed, the module's own folder is its
 * group's. All of it stays the agent's. A module that could write there would change what is started
 * next time, and lead root astray when old releases are removed.
 */
export class ModuleAccess {
  constructor(private readonly root: string) {}

  /** `release`: the folder of an unpacked one. */
  async grant(user: ModuleUser | undefined, moduleId: string, release?: string): Promise<void> {
    if (!user) return;
    const modules = join(this.root, 'modules');
    const own = join(modules, moduleId);
    const releases = join(own, 'releases');
    await mkdir(releases, { recursive: true, mode: 0o700 });
    for (const path of [this.root, modules]) await chmod(path, 0o711);
    for (const path of [own, releases]) {
      await chown(path, process.getuid?.() ?? 0, user.gid);
      await chmod(path, 0o750);
    }
    if (release !== undefined) await give(release, user.gid);
  }
}

/** From the bottom up: a folder that has the group already is done, with all that is in it. */
async function give(path: string, group: number): Promise<void> {
  const stats = await stat(path);
  if (stats.gid === group && (stats.mode & 0o050) === 0o050) return;
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const inside = join(path, entry.name);
    if (entry.isDirectory()) await give(inside, group);
    else if (entry.isFile()) await share(inside, group);
  }
  await share(path, group);
}

/** The group may do what the owner may, but write. */
async function share(path: string, group: number): Promise<void> {
  const { uid, mode } = await stat(path);
  await chown(path, uid, group);
  await chmod(path, (mode & 0o777) | ((mode & 0o500) >> 3));
}
