import { setTimeout as sleep } from 'node:timers/promises';
import { Client, escapeIdentifier } from 'pg';
import { messageOf } from '../../kernel/errors.js';
import type { ConnectionOptions } from './connection-options.js';

const RETRY_MS = 500;
const RETRY_LONGEST_MS = 5_000;

interface NoticesLog {
  warn(fields: object, message: string): void;
}

type NoticeListener = () => void;

/**
 * PostgreSQL's NOTIFY, on a connection of its own. A notice says that there is something to look at and
 * no more; what comes while the connection is away is lost, so listeners are also called whenever it is
 * there again, and look by themselves now and then: a pooler in between may swallow all of it.
 */
export class Notices {
  private readonly listeners = new Map<string, Set<NoticeListener>>();
  private client: Client | undefined;
  private opening: Promise<void> | undefined;
  private readonly closed = new AbortController();

  constructor(
    private readonly connection: ConnectionOptions,
    private readonly log: NoticesLog,
  ) {}

  /** Returns the way to stop listening. The connection is opened with the first one. */
  listen(channel: string, listener: NoticeListener): () => void {
    const listeners = this.listeners.get(channel) ?? new Set();
    this.listeners.set(channel, listeners.add(listener));
    if (this.opening) void this.subscribe(channel);
    else this.opening = this.keepOpen();
    return () => listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.closed.abort();
    await this.client?.end().catch(() => undefined);
    await this.opening;
  }

  private get isClosed(): boolean {
    return this.closed.signal.aborted;
  }

  /** For as long as the process lives: opens, waits until it is lost, opens again. */
  private async keepOpen(): Promise<void> {
    let failures = 0;
    while (!this.isClosed) {
      try {
        await this.open();
        failures = 0;
        await this.untilLost();
      } catch (error) {
        failures += 1;
        if (failures === 1) {
          this.log.warn({ error: messageOf(error) }, 'notices of the database do not arrive');
        }
      }
      this.client = undefined;
      const waitMs = Math.min(RETRY_MS * 2 ** failures, RETRY_LONGEST_MS);
      await sleep(waitMs, undefined, { signal: this.closed.signal }).catch(() => undefined);
    }
  }

  private async open(): Promise<void> {
    const { host, port, database, user, password, role, tls } = this.connection;
    const client = new Client({
      host,
      port,
      database,
      user,
      ...(password === undefined ? {} : { password }),
      ...(tls ? { ssl: true } : {}),
      ...(role ? { options: `-c role=${role}` } : {}),
      keepAlive: true,
      connectionTimeoutMillis: RETRY_LONGEST_MS,
      application_name: 'tidegate-notices',
    });
    client.on('error', () => undefined);
    client.on('notification', ({ channel }) => this.tell(channel));
    await client.connect();
    this.client = client;
    if (this.isClosed) return client.end();
    for (const channel of this.listeners.keys()) {
      await client.query(`listen ${escapeIdentifier(channel)}`);
      // What was said before is not said again.
      this.tell(channel);
    }
  }

  private untilLost(): Promise<void> {
    const { client } = this;
    return new Promise((resolve) => {
      if (!client || this.isClosed) return resolve();
      client.once('end', () => resolve());
    });
  }

  private async subscribe(channel: string): Promise<void> {
    await this.client?.query(`listen ${escapeIdentifier(channel)}`).catch(() => undefined);
  }

  private tell(channel: string): void {
    for (const listener of this.listeners.get(channel) ?? []) listener();
  }
}
