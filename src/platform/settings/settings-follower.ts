import { messageOf } from '../../kernel/errors.js';
import type { Database } from '../database/database.js';
import type { Notices } from '../database/notices.js';
import type { SettingsMetrics } from './settings.metrics.js';
import type { Settings } from './settings.js';
import { SETTINGS_CHANNEL, settingsSince } from './settings.store.js';

/** A notice that was lost costs so long. */
export const SETTINGS_POLL_MS = 5_000;

interface FollowerLog {
  warn(fields: object, message: string): void;
}

interface FollowerParts {
  readonly settings: Settings;
  readonly database: Database;
  readonly notices: Notices;
  readonly log: FollowerLog;
  readonly metrics: Pick<SettingsMetrics, 'has' | 'failed'>;
  readonly pollMs?: number;
}

/**
 * Keeps this process's copy as new as the database: at once when PostgreSQL says that something has
 * changed, and every five seconds whether it has said so or not.
 */
export class SettingsFollower {
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;
  private isAskedAgain = false;
  private isStopped = false;
  private stopListening: (() => void) | undefined;

  constructor(private readonly parts: FollowerParts) {}

  /** Answers when the copy is complete. Throws when it cannot be: nobody starts on guesses. */
  async start(): Promise<void> {
    this.stopListening = this.parts.notices.listen(SETTINGS_CHANNEL, () => void this.look());
    await this.read();
    this.schedule();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.stopListening?.();
    clearTimeout(this.timer);
    await this.looking;
  }

  /** One at a time; what is asked meanwhile is asked once more. */
  private look(): Promise<void> {
    if (this.isStopped) return Promise.resolve();
    if (this.looking) {
      this.isAskedAgain = true;
      return this.looking;
    }
    this.looking = this.readAll().finally(() => {
      this.looking = undefined;
    });
    return this.looking;
  }

  private async readAll(): Promise<void> {
    do {
      this.isAskedAgain = false;
      try {
        await this.read();
      } catch (error) {
        this.parts.metrics.failed();
        this.parts.log.warn({ error: messageOf(error) }, 'the settings could not be read');
      }
    } while (this.isAskedAgain && !this.isStopped);
  }

  private async read(): Promise<void> {
    const { database, settings } = this.parts;
    const rows = await database.system((tx) => settingsSince(tx, settings.revision));
    if (rows) {
      settings.apply(rows);
    } else {
      const all = await database.system((tx) => settingsSince(tx, 0));
      settings.forget();
      settings.apply(all ?? []);
    }
    this.parts.metrics.has(settings.revision);
  }

  private schedule(): void {
    this.timer = setTimeout(() => {
      void this.look().then(() => {
        if (!this.isStopped) this.schedule();
      });
    }, this.parts.pollMs ?? SETTINGS_POLL_MS);
  }
}
