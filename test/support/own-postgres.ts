/** A PostgreSQL of one test file, which may be crashed; the run's own server is everybody's. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../../src/platform/database/embedded/embedded-postgres.js';
import { ensureRoles } from '../../src/platform/database/embedded/roles.js';
import { Migrator } from '../../src/platform/database/migrations/migrator.js';
import { withClient, type TestDatabase } from './database.js';

/** A killed server keeps what it has handed to the kernel: commits must get that far. */
const settings = { fsync: 'off' };

export class OwnPostgres {
  private frozen: number[] = [];

  private constructor(
    private readonly dataDir: string,
    private server: EmbeddedPostgres,
    readonly database: TestDatabase,
  ) {}

  static async start(): Promise<OwnPostgres> {
    const dataDir = await mkdtemp(join(tmpdir(), 'tidegate-own-postgres-'));
    const server = await startEmbeddedPostgres({ dataDir, log: () => {}, settings });
    const { host, port } = server;
    const superuser = { host, port, ...server.superuser, database: 'postgres' };
    const name = 'tidegate';
    const passwordFile = join(dataDir, 'roles.json');
    const access = await ensureRoles(superuser, { database: name, passwordFile });
    await new Migrator({ owner: access.owner }).up();
    return new OwnPostgres(dataDir, server, {
      name,
      ...access,
      superuser: { ...superuser, database: name },
      drop: async () => {},
    });
  }

  /** As `pg_ctl -m immediate restart`: no checkpoint, all connections cut, recovery at the start. */
  async crash(): Promise<void> {
    process.kill(await this.postmaster(), 'SIGQUIT');
    await this.server.stop();
    const { host } = this.server;
    this.server = await startEmbeddedPostgres({ dataDir: this.dataDir, log: () => {}, settings });
    if (this.server.host !== host) throw new Error('the server came back at another address');
  }

  /** SIGSTOP to the server and all that it has started: connections stay, answers do not come. */
  async freeze(): Promise<void> {
    const postmaster = await this.postmaster();
    this.frozen = [postmaster, ...(await childrenOf(postmaster))];
    for (const pid of this.frozen) signal(pid, 'SIGSTOP');
  }

  async thaw(): Promise<void> {
    for (const pid of this.frozen.splice(0)) signal(pid, 'SIGCONT');
  }

  private async postmaster(): Promise<number> {
    const [row] = await withClient(this.database.superuser, async (client) => {
      const { rows } = await client.query<{ text: string }>(
        `select pg_read_file('postmaster.pid') as text`,
      );
      return rows;
    });
    return Number(row!.text.split('\n')[0]);
  }

  async stop(): Promise<void> {
    await this.server.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  const list = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return list.trim().split(' ').filter(Boolean).map(Number);
}

/** The server of a connection that has just ended is not there any more. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
