import type { Socket } from 'node:net';
import { Network, type Link } from '../support/network.js';

/** The network between one process and PostgreSQL, which can also lose the reply to a COMMIT. */
export class PostgresProxy extends Network {
  private commitsToSwallow = 0;
  /** Their COMMIT is on the way: what PostgreSQL says to it will not arrive. */
  private readonly doomed = new WeakSet<Link>();

  static async start(socketPath: string): Promise<PostgresProxy> {
    return new PostgresProxy(socketPath).open();
  }

  /** The next COMMIT is done, and the connection breaks before its reply. */
  swallowCommit(): void {
    this.commitsToSwallow += 1;
  }

  override mend(): void {
    this.commitsToSwallow = 0;
    super.mend();
  }

  protected override passes(link: Link, from: Socket, chunk: Buffer): boolean {
    if (from === link.server) return !this.doomed.has(link);
    if (this.commitsToSwallow > 0 && chunk.includes('commit\0')) {
      this.commitsToSwallow -= 1;
      this.doomed.add(link);
    }
    return true;
  }
}
