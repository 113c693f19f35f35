import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../kernel/errors.js';
import type { FrontLog } from './front-log.js';
import type { FrontTable } from './front-port.js';
import { parseFrontTable } from './front-table.js';

/**
 * The table in force, on disk. It is written whole (temporary file, fsync, rename, fsync of the
 * folder), so that a reader sees the old table or the new one, never a part.
 */
export class FrontState {
  private readonly path: string;

  constructor(private readonly stateDir: string) {
    this.path = join(stateDir, 'front-table.json');
  }

  async save(table: FrontTable): Promise<void> {
    await mkdir(this.stateDir, { recursive: true, mode: 0o700 });
    const temporary = `${this.path}.${process.pid}.tmp`;
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(JSON.stringify(table));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.path);
    const folder = await open(this.stateDir, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  /** A table that cannot be read is put aside: the agent knows the true one and sends it again. */
  async load(log: FrontLog): Promise<FrontTable | undefined> {
    let written: string;
    try {
      written = await readFile(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    try {
      return parseFrontTable(JSON.parse(written));
    } catch (error) {
      await rename(this.path, `${this.path}.unreadable`);
      log('the routing table on disk cannot be read; it was put aside, the agent must send it', {
        file: `${this.path}.unreadable`,
        reason: messageOf(error),
      });
      return undefined;
    }
  }
}
