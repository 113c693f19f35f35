import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../kernel/clock.js';
import { DomainError } from '../../kernel/errors.js';
import { limits } from '../../kernel/limits.js';
import type { Context } from '../context.js';
import type { Metrics } from '../metrics/metrics.js';
import { clientAddressOf, hostOf } from './client-address.js';
import { tooManyRequests } from './http.errors.js';
import type { RequestRates } from './request-rates.js';
import type { RequestAuthenticator } from './request-authenticator.js';
import { isForStrangers, isProbe } from './route-facts.js';
import { carriesSession } from './session-cookie.js';
import { StrangerBudget } from './stranger-budget.js';
import { StreamPlaces } from './stream-places.js';
import { Turnstile } from './turnstile.js';

/** Whoever asks again the moment they are refused does so four times a second, not a thousand. */
const HELD_MS = 250;
/** Refusals that are held at once; beyond, a held answer costs more than one given. */
const HELD_ANSWERS = 1_000;

/**
 * Decides before the body of a request is read whether it may come in. Who has an account shows it
 * first and waits for nobody. Everybody else has the budget of their address, and then a turnstile.
 */
export class Admission {
  private readonly budget: StrangerBudget;
  private readonly turnstile = new Turnstile();
  private readonly files = new StreamPlaces(() => limits.filesPerAddress);
  private readonly refused: (reason: 'budget' | 'crowd') => void;
  private authenticator: RequestAuthenticator | undefined;
  private rates: RequestRates | undefined;
  private held = 0;

  constructor({ clock, metrics }: { clock: Clock; metrics: Metrics }) {
    this.budget = new StrangerBudget(clock);
    const counter = metrics.counter({
      name: 'strangers_refused_total',
      help: 'Requests without an account that were refused: the budget of their address was used up, or too many came at once.',
      labelNames: ['reason'],
    });
    this.refused = (reason) => counter.inc({ reason });
  }

  /** Known only when the modules have been made; without one the guards decide alone. */
  authenticateWith(authenticator: RequestAuthenticator): void {
    this.authenticator = authenticator;
  }

  /** Known only when the modules have been made, as above. */
  countBy(rates: RequestRates): void {
    this.rates = rates;
  }

  /** `isUnmatched`: no route is meant, so anybody may hear so. */
  async admit(
    request: FastifyRequest,
    reply: FastifyReply,
    { isUnmatched }: { readonly isUnmatched: boolean },
  ): Promise<void> {
    const { config } = request.routeOptions;
    if (isProbe(config)) return;
    if (isUnmatched || isForStrangers(config)) {
      await this.admitStranger(request);
      if (config.isFile) reply.raw.once('close', this.files.take(hostOfRequest(request)));
      await this.rates?.count(request, reply);
      return;
    }
    this.rates?.checkKnown(request, reply);
    const { headers } = request;
    const isShown = headers.authorization !== undefined || carriesSession(headers);
    if (!isShown) await this.charge(request);
    let ctx: Context | undefined;
    try {
      ctx = await this.authenticator?.authenticate(request, config.access!);
    } catch (error) {
      await this.slowDown(request, error);
      await this.rates?.countRefused(request, reply);
      throw error;
    }
    if (ctx) await this.rates?.count(request, reply, ctx);
  }

  private async admitStranger(request: FastifyRequest): Promise<void> {
    await this.charge(request);
    const turn = this.turnstile.pass();
    if (turn) return turn;
    this.refused('crowd');
    throw tooManyRequests('Too many requests without an account at once', 1);
  }

  private async charge(request: FastifyRequest): Promise<void> {
    const seconds = this.budget.take(hostOfRequest(request), request.routeOptions.config.cost);
    if (seconds === 0) return;
    this.refused('budget');
    await this.hold();
    throw tooManyRequests('Too many requests without an account from this address', seconds);
  }

  /** Credentials are always looked at, since who shares an address with a guesser has done nothing. */
  private async slowDown(request: FastifyRequest, error: unknown): Promise<void> {
    const isGuess = error instanceof DomainError && error.kind === 'unauthenticated';
    if (isGuess && this.budget.take(hostOfRequest(request)) > 0) await this.hold();
  }

  private async hold(): Promise<void> {
    if (this.held >= HELD_ANSWERS) return;
    this.held += 1;
    await delay(HELD_MS);
    this.held -= 1;
  }
}

function hostOfRequest(request: FastifyRequest): string {
  return hostOf(clientAddressOf(request));
}
