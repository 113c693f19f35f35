import { lookup, Resolver } from 'node:dns/promises';
import { limits } from '../../kernel/limits.js';

export interface ResolveOptions {
  /** The operator has named it: it may stand in the hosts file, or in a search domain. */
  readonly isNamed: boolean;
  readonly signal: AbortSignal;
}

/** All addresses of a name; none when there is no such name. */
export type ResolveHost = (host: string, options: ResolveOptions) => Promise<readonly string[]>;

const TRIES = 2;

/**
 * Names of strangers are asked of the name servers directly. The operating system's own look-up would hold
 * one of the few threads that files and passwords need for as long as a stranger's name server likes.
 */
export const resolveHost: ResolveHost = async (host, { isNamed, signal }) => {
  if (isNamed) {
    const found = await lookup(host, { all: true });
    return found.map(({ address }) => address);
  }
  const resolver = new Resolver({ timeout: limits.outboundLookUpMs / TRIES, tries: TRIES });
  const cancel = () => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    signal.throwIfAborted();
    const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  } finally {
    signal.removeEventListener('abort', cancel);
  }
};
