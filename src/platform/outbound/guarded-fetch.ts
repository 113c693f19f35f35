import { z } from 'zod';
import { DomainError } from '../../kernel/errors.js';
import { limits } from '../../kernel/limits.js';
import type { Logger } from '../logging/logger.js';
import { destinationOf, judge, type Destination, type Judgement } from './destination.js';
import { resolveHost, type ResolveHost } from './host-resolver.js';
import { jsonOf, type JsonAnswer } from './json-answer.js';
import type { OpenedDestinations } from './opened-destinations.js';
import { OutboundPlaces, type PlaceLimits } from './outbound-places.js';
import { outboundRefused, outboundUnreachable, outboundUrlInvalid } from './outbound.errors.js';
import { sendPinned, type OutboundAnswer } from './pinned-request.js';

export interface OutboundOptions {
  /** On whose account: a tenant's id, or `platform`. Its calls wait for each other, nobody else's do. */
  readonly key: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the answer. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

export interface RequestOptions extends OutboundOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly body?: string | Buffer;
}

export interface JsonOptions<T> extends OutboundOptions {
  readonly schema?: z.ZodType<T>;
}

export interface GuardedFetchParts {
  readonly opened: OpenedDestinations;
  readonly log: Logger;
  /** `answered`, or the code of the error. */
  readonly onOutcome?: (outcome: string) => void;
  readonly resolve?: ResolveHost;
  readonly deadlineMs?: number;
  readonly places?: PlaceLimits;
  /** Certificates of authorities, as PEM, in place of those that this process trusts. */
  readonly ca?: string;
}

type Read<T> = (answer: OutboundAnswer) => T;

/** Ours to say, or such that two servers on the way may read two requests. */
const OWN_HEADERS =
  /^(host|connection|content-length|transfer-encoding|accept-encoding|user-agent|upgrade|te|trailer|expect|keep-alive|proxy-.*)$/i;

/**
 * The one way out to addresses that somebody else has named: issuers, their keys, webhooks. The name is looked
 * up once, every address is judged, and the connection goes to one of those and nowhere else (ADR 0046).
 *
 * All methods throw `outbound-url-invalid`, `outbound-refused`, `outbound-unreachable`, `outbound-busy`,
 * and `outbound-answer-unusable` for what cannot be read.
 */
export class GuardedFetch {
  private readonly places: OutboundPlaces;

  constructor(private readonly parts: GuardedFetchParts) {
    this.places = new OutboundPlaces(parts.places);
  }

  /** Any status but a redirect is an answer. */
  request(url: string, options: RequestOptions): Promise<OutboundAnswer> {
    return this.counted(url, options, (answer) => answer);
  }

  getJson<T = unknown>(url: string, options: JsonOptions<T>): Promise<JsonAnswer<T>> {
    const headers = { accept: 'application/json', ...options.headers };
    return this.counted(url, { ...options, headers }, reader(options));
  }

  postJson<T = unknown>(
    url: string,
    value: unknown,
    options: JsonOptions<T>,
  ): Promise<JsonAnswer<T>> {
    const json = 'application/json';
    const headers = { accept: json, 'content-type': json, ...options.headers };
    const body = JSON.stringify(value);
    return this.counted(url, { ...options, method: 'POST', headers, body }, reader(options));
  }

  private async counted<T>(url: string, options: RequestOptions, read: Read<T>): Promise<T> {
    const outcome = this.parts.onOutcome ?? (() => undefined);
    try {
      const answer = await this.inTime(url, options, read);
      outcome('answered');
      return answer;
    } catch (error) {
      outcome(error instanceof DomainError ? error.code : 'bug');
      throw error;
    }
  }

  private async inTime<T>(url: string, options: RequestOptions, read: Read<T>): Promise<T> {
    const to = destinationOf(url);
    if (to.unusual && !this.mayBeOpened(to)) throw outboundUrlInvalid(to.unusual);
    const clock = AbortSignal.timeout(this.parts.deadlineMs ?? limits.outboundMs);
    const signal = options.signal ? AbortSignal.any([clock, options.signal]) : clock;
    return this.places.during(options.key, signal, () =>
      this.send(to, { ...options, signal }, read),
    );
  }

  /** Before anybody looks up a name: whether it could be opened at all. */
  private mayBeOpened({ host, port }: Destination): boolean {
    const { opened } = this.parts;
    return opened.hasNetworks || opened.opensHost(host, port);
  }

  private async send<T>(
    to: Destination,
    options: RequestOptions & { readonly signal: AbortSignal },
    read: Read<T>,
  ): Promise<T> {
    const { signal, method = 'GET', maxBytes = limits.outboundAnswerBytes } = options;
    const request = {
      to,
      signal,
      method,
      headers: headersOf(options.headers ?? {}),
      body: bodyOf(options.body),
      maxBytes: Math.min(maxBytes, limits.outboundAnswerMostBytes),
      ca: this.parts.ca,
    };
    const addresses = await this.addressesOf(to, signal);
    const judgement = judge(to, addresses, this.parts.opened);
    // First of all: else it would tell which names have an address inside.
    if (to.unusual && !judgement.isOpened) throw outboundUrlInvalid(to.unusual);
    if (!judgement.isAllowed) {
      this.parts.log.info({ ...originOf(to), why: judgement.why }, 'a call outside was refused');
      throw outboundRefused();
    }
    try {
      return read(await sendPinned({ ...request, addresses }));
    } catch (error) {
      throw this.told(error, to, judgement);
    }
  }

  /** None when nobody answers: that, too, is not told apart from an address that may not be called. */
  private async addressesOf(to: Destination, signal: AbortSignal): Promise<readonly string[]> {
    const { host, port, isAddress } = to;
    if (isAddress) return [host];
    const isNamed = this.parts.opened.opensHost(host, port);
    const resolve = this.parts.resolve ?? resolveHost;
    const given = new Promise<readonly string[]>((done) => {
      signal.addEventListener('abort', () => done([]), { once: true });
      if (signal.aborted) done([]);
    });
    const found = resolve(host, { isNamed, signal }).catch(() => []);
    return Promise.race([found, given]);
  }

  /** The log has the reason; the caller hears it only where that tells nothing of a network inside. */
  private told(error: unknown, to: Destination, { isTold }: Judgement): unknown {
    const { code, details, cause } = error as DomainError;
    const reason = cause instanceof Error ? cause.message : undefined;
    const why = { code, reason: details?.['reason'], status: details?.['status'], error: reason };
    this.parts.log.info({ ...originOf(to), ...why }, 'a call outside failed');
    return isTold ? error : outboundUnreachable('unknown', error);
  }
}

function reader<T>({ schema }: JsonOptions<T>): Read<JsonAnswer<T>> {
  return (answer) => jsonOf(answer, schema ?? (z.unknown() as z.ZodType<T>));
}

/** What follows the host may be a secret: webhooks of chats are. */
function originOf({ url }: Destination): { readonly origin: string } {
  return { origin: url.origin };
}

function headersOf(headers: Readonly<Record<string, string>>): Record<string, string> {
  const own = Object.keys(headers).find((name) => OWN_HEADERS.test(name));
  if (own !== undefined) throw new TypeError(`the header "${own}" is not the caller's to set`);
  return { ...headers };
}

function bodyOf(body: string | Buffer | undefined): Buffer | null {
  if (body === undefined) return null;
  const bytes = Buffer.from(body);
  if (bytes.length > limits.outboundBodyBytes) throw new TypeError('the body is too large to send');
  return bytes;
}
