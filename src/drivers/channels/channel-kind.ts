import type { z } from 'zod';
import type { RegistryEntry } from '../../kernel/registry.js';
import type { GuardedFetch } from '../../platform/outbound/guarded-fetch.js';
import type { WrittenMail } from './mail/mailer.js';
import type { Message } from './message.js';

/** One message on its way to one channel: what a kind is handed to send. */
export interface Delivery<Params = unknown, Secrets = unknown> {
  /** The same at each attempt, also when it is sent again by hand: by it a receiver knows what came twice. */
  readonly id: string;
  readonly tenantId: string;
  readonly channelId: string;
  /** 1 at first. */
  readonly attempt: number;
  /** Of this attempt. */
  readonly at: Date;
  readonly params: Params;
  readonly secrets: Secrets;
  /** Of kinds that sign: newest first, two while a rotation overlaps. */
  readonly signingSecrets: readonly string[];
  /** To whom in person, in place of whoever the channel names; kinds without persons do not look. */
  readonly recipient: string | null;
  readonly signal: AbortSignal;
}

/**
 * What became of it. `taken`: the other side has it. `later`: try again. `refused`: it will never take this
 * one. `gone`: it wants no more of any.
 */
export type Outcome = 'taken' | 'later' | 'refused' | 'gone';

export interface Receipt {
  readonly outcome: Outcome;
  /** Of HTTP. */
  readonly status: number | null;
  /** What the other side said, as far as it is kept. */
  readonly answer: string;
  /** Why it was not taken: a code of ours. */
  readonly reason: string | null;
  /** The other side asks to be left alone for so long. */
  readonly retryAfterMs: number | null;
}

/** What kinds send with. Nothing else leads outside. */
export interface ChannelPorts {
  readonly fetch: Pick<GuardedFetch, 'request'>;
  /** All of them are on their way, or none. */
  readonly mail: (mails: readonly WrittenMail[]) => Promise<void>;
  /** A line of the process's own log. */
  readonly line: (facts: Readonly<Record<string, string | null>>, text: string) => void;
}

export interface ChannelKind<Params = unknown, Secrets = unknown> extends RegistryEntry {
  /** What it needs to know; shown again to whoever manages channels. */
  readonly params: z.ZodType<Params>;
  /** Sealed at once and never answered. */
  readonly secretParams: z.ZodType<Secrets>;
  /** Whether what it sends is signed by a secret that is made here and shown once. */
  readonly isSigned: boolean;
  /** Throws where this installation, or the address as it is written, cannot be used. */
  readonly check?: (params: Params, secrets: Secrets, facts: ChannelFacts) => void;
  /** Where it leads, as far as that may be shown: the host of an address that is a secret. */
  place(params: Params, secrets: Secrets): string | null;
  /**
   * Sends once and says what became of it; trying again is the caller's. Throws only what is a mistake of
   * ours: that counts as `later`.
   */
  send(
    message: Message,
    delivery: Delivery<Params, Secrets>,
    ports: ChannelPorts,
  ): Promise<Receipt>;
}

export interface ChannelFacts {
  readonly isMailOn: boolean;
}

/** Types are the kind's own business: who has a list of kinds hands it what its own schemas have read. */
export function channelKind<Params, Secrets>(kind: ChannelKind<Params, Secrets>): ChannelKind {
  return kind as unknown as ChannelKind;
}
