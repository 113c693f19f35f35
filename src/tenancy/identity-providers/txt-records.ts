import { Resolver } from 'node:dns/promises';
import { Injectable } from '@nestjs/common';
import { limits } from '../../kernel/limits.js';

const TRIES = 2;
/** What a name server says when it is sure. */
const ABSENT: readonly unknown[] = ['ENOTFOUND', 'ENODATA'];

/** What a domain publishes as TXT; tests have one of their own. */
@Injectable()
export class TxtRecords {
  /** None when there are none; throws when nobody has answered. */
  async of(name: string): Promise<readonly string[]> {
    const resolver = new Resolver({ timeout: limits.outboundLookUpMs / TRIES, tries: TRIES });
    try {
      return (await resolver.resolveTxt(name)).map((parts) => parts.join(''));
    } catch (error) {
      if (ABSENT.includes((error as NodeJS.ErrnoException).code)) return [];
      throw error;
    }
  }
}
