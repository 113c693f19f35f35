import { randomBytes } from 'node:crypto';
import { hash, parseOptions, verify } from '@node-rs/argon2';
import { loginBusy } from '../tenancy.errors.js';
import { BoundedWork, QueueFullError } from './bounded-work.js';

/** OWASP's parameters for Argon2id; about 20 ms and 19 MiB a hash. The library's default kind. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const ARGON2ID = 2;
/** Half of the thread pool: the other half stays free for everybody else. */
const CONCURRENCY = 2;
const QUEUE_LIMIT = 64;
/**
 * Argon2id over whole passwords (never cut), two at a time. Verifying against nobody costs as much
 * as against somebody.
 */
export class PasswordHasher {
  private readonly work = new BoundedWork(CONCURRENCY, QUEUE_LIMIT);

  private constructor(private readonly nobody: string) {}

  static async open(): Promise<PasswordHasher> {
    return new PasswordHasher(await hash(randomBytes(32), COST));
  }

  hash(password: string): Promise<string> {
    return this.bounded(() => hash(prepared(password), COST));
  }

  /** `stored` null: there is no such person; the same work is done and the answer is false. */
  async verify(stored: string | null, password: string): Promise<boolean> {
    const matches = await this.bounded(() => verify(stored ?? this.nobody, prepared(password)));
    return stored !== null && matches;
  }

  /** True when the stored hash was made with other parameters than today's. */
  isOutdated(stored: string): boolean {
    const { algorithm, memoryCost, timeCost, parallelism } = parseOptions(stored);
    return (
      (algorithm as number) !== ARGON2ID ||
      memoryCost < COST.memoryCost ||
      timeCost < COST.timeCost ||
      parallelism !== COST.parallelism
    );
  }

  private async bounded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.work.run(work);
    } catch (error) {
      if (!(error instanceof QueueFullError)) throw error;
      throw loginBusy('everywhere', error);
    }
  }
}

/** The same password typed on another keyboard may come as other code points. */
function prepared(password: string): string {
  return password.normalize('NFKC');
}
