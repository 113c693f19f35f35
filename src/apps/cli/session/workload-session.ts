import { answer, createTidegate, type Credentials, TidegateError } from '#sdk';
import { CliError, exitCodes } from '../exit-codes.js';
import type { KeptToken, WorkloadToken } from './kept-token.js';
import type { Runner } from './runner.js';

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const JWT = 'urn:ietf:params:oauth:token-type:jwt';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

/** Before its end a token is replaced: a minute, or a quarter of a life that is short. */
const MARGIN_MS = 60_000;

interface Exchange {
  readonly subject_token: string;
  readonly subject_token_type: string;
}

export interface WorkloadOptions {
  readonly server: string;
  readonly runner: Runner;
  readonly kept: KeptToken;
  readonly tenant: string | undefined;
  readonly identity: string | undefined;
  readonly now?: () => number;
}

/**
 * A pipeline's session: the token of its job, exchanged, and replaced before it ends for as long as a command
 * takes. GitHub gives a new one whenever it is asked. GitLab gives one for the whole job: then ours is renewed
 * until that is over.
 */
export class WorkloadSession implements Credentials {
  private current: (WorkloadToken & { readonly marginMs: number }) | null = null;
  private work: Promise<void> | null = null;
  private readonly now: () => number;

  constructor(private readonly options: WorkloadOptions) {
    this.now = options.now ?? Date.now;
  }

  async token(): Promise<string> {
    const { current } = this;
    if (current && this.now() < current.expiresAt - current.marginMs) return current.accessToken;
    try {
      await this.replace();
    } catch (error) {
      // What is still good for a moment is better than an outage that may pass in it.
      if (current && this.now() < current.expiresAt) return current.accessToken;
      throw error;
    }
    return this.current!.accessToken;
  }

  async renew(refused: string): Promise<boolean> {
    if (this.current?.accessToken !== refused) return true;
    // Cut, or of a key that is gone: what is kept would be refused as well.
    this.current = null;
    await this.replace(refused);
    return true;
  }

  /** One at a time, whoever asks. */
  private replace(refused: string | null = null): Promise<void> {
    this.work ??= this.next(refused).finally(() => {
      this.work = null;
    });
    return this.work;
  }

  private async next(refused: string | null): Promise<void> {
    const { runner } = this.options;
    const jobToken = await runner.token();
    if (runner.isFresh) {
      this.take(await this.exchange({ subject_token: jobToken, subject_token_type: JWT }));
    } else {
      await this.nextOf(jobToken, refused);
    }
  }

  /** Of a token that can be exchanged once: another command of the job may have done so. */
  private async nextOf(jobToken: string, refused: string | null): Promise<void> {
    const { server, kept } = this.options;
    const known = await kept.read(server, jobToken);
    if (known && known.accessToken !== refused && this.isGood(known)) return this.take(known);
    const isRenewable =
      known !== null && this.now() < Math.min(known.expiresAt, known.renewableUntil);
    try {
      const next = isRenewable
        ? await this.exchange({
            subject_token: known.accessToken,
            subject_token_type: ACCESS_TOKEN,
          })
        : await this.exchange({ subject_token: jobToken, subject_token_type: JWT });
      await kept.write(server, jobToken, next);
      this.take(next);
    } catch (error) {
      const later = await kept.read(server, jobToken);
      if (later && later.accessToken !== (known?.accessToken ?? refused)) return this.take(later);
      throw this.told(error, known);
    }
  }

  private isGood({ expiresAt, renewableUntil }: WorkloadToken): boolean {
    // The last one cannot be replaced, so it is used to its end.
    const isLast = expiresAt >= renewableUntil;
    return this.now() < expiresAt - (isLast ? 0 : MARGIN_MS);
  }

  private take(token: WorkloadToken): void {
    const isLast = !this.options.runner.isFresh && token.expiresAt >= token.renewableUntil;
    const marginMs = isLast ? 0 : Math.min(MARGIN_MS, (token.expiresAt - this.now()) / 4);
    this.current = { ...token, marginMs };
  }

  private async exchange(what: Exchange): Promise<WorkloadToken> {
    const { server, tenant, identity } = this.options;
    const { api } = createTidegate({ baseUrl: server });
    const asked = this.now();
    const body = {
      grant_type: TOKEN_EXCHANGE,
      ...what,
      ...(tenant === undefined ? {} : { tenant }),
      ...(identity === undefined ? {} : { identity }),
    };
    const got = await answer(api.POST('/api/v1/authentication/token', { body }));
    return {
      accessToken: got.access_token,
      expiresAt: asked + got.expires_in * 1000,
      renewableUntil: asked + got.renewable_for * 1000,
    };
  }

  /** The job's own token was good once, and what it gave is over. */
  private told(error: unknown, known: WorkloadToken | null): unknown {
    const reason = error instanceof TidegateError ? error.details['reason'] : undefined;
    const isOver = known !== null && this.now() >= known.renewableUntil - 1_000;
    if (!isOver || !['used', 'over', 'times'].includes(String(reason))) return error;
    return new CliError(
      'The token of this job has expired, and its runner gives no other: it lasts as long as the job’s timeout. What was started on the server continues; watch it from elsewhere, or give the job more time.',
      exitCodes.timeout,
    );
  }
}
