import { Inject, Injectable } from '@nestjs/common';
import { BoundedMap } from '../../kernel/bounded-map.js';
import type { Clock } from '../../kernel/clock.js';
import { KeyedMutex } from '../../kernel/keyed-mutex.js';
import { RoundRobin } from '../../kernel/round-robin.js';
import { CLOCK } from '../../platform/clock.js';
import { hostOf } from '../../platform/http/client-address.js';
import { loginBusy } from '../tenancy.errors.js';

/** Two are being hashed; the others ask the database meanwhile. */
const AT_ONCE = 6;
/** An office behind one address that signs in at nine o'clock. */
const PER_HOST = 64;
/** Each is a small request that waits; more could not be served within the patience. */
const IN_ALL = 1_024;
/** What clients and proxies commonly wait for an answer. */
const PATIENCE_MS = 30_000;
/** Addresses from which somebody has signed in since the start. */
const FAMILIAR_HOSTS = 10_000;

type Lane = 'familiar' | 'strange';

/**
 * Attempts of one process take turns by address, so that a thousand connections from one address
 * cost another address one turn. Addresses from which somebody has signed in have a lane of their
 * own: a crowd of strangers, each with an address, takes turns with itself.
 */
@Injectable()
export class SignInQueue {
  private readonly lanes: Readonly<Record<Lane, RoundRobin>>;
  private readonly turns: RoundRobin;
  private readonly sameAccount = new KeyedMutex();
  private readonly underWay = new Map<string, number>();
  private readonly familiar = new BoundedMap<string, true>(FAMILIAR_HOSTS);
  private count = 0;

  constructor(@Inject(CLOCK) clock: Clock) {
    this.lanes = {
      familiar: new RoundRobin(AT_ONCE, clock),
      strange: new RoundRobin(AT_ONCE, clock),
    };
    this.turns = new RoundRobin(AT_ONCE, clock);
  }

  /**
   * Attempts at one account from one address come one after the other: the second one must know
   * that the first has failed.
   */
  async run<T>(account: string, address: string, attempt: () => Promise<T>): Promise<T> {
    const host = hostOf(address);
    const leave = this.enter(host);
    try {
      const result = await this.sameAccount.run(JSON.stringify([account, host]), () =>
        this.inTurn(host, attempt),
      );
      this.familiar.set(host, true);
      return result;
    } finally {
      leave();
    }
  }

  private inTurn<T>(host: string, attempt: () => Promise<T>): Promise<T> {
    const lane: Lane = this.familiar.get(host) ? 'familiar' : 'strange';
    const patience = { ms: PATIENCE_MS, over: () => loginBusy('everywhere') };
    return this.lanes[lane].run(host, () => this.turns.run(lane, attempt), patience);
  }

  private enter(host: string): () => void {
    const own = this.underWay.get(host) ?? 0;
    if (own >= PER_HOST) throw loginBusy('your address');
    if (this.count >= IN_ALL) throw loginBusy('everywhere');
    this.underWay.set(host, own + 1);
    this.count += 1;
    return () => {
      this.count -= 1;
      const left = this.underWay.get(host)! - 1;
      if (left > 0) this.underWay.set(host, left);
      else this.underWay.delete(host);
    };
  }
}
