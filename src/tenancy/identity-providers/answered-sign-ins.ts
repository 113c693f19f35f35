import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { externalPerson } from './external-person.js';
import type { SignInProvider } from './identity-provider.js';
import { identityProviderNotFound, signInCodeRefused } from './identity-provider.errors.js';
import { enabledProvider } from './providers.queries.js';
import { findAnswer, useAnswer } from './sign-in-answers.store.js';
import { hashOf, isVerifierOf, signInFlow, type SignInFlow } from './sign-in-flow.js';

const kept = z.object({ flow: signInFlow, person: externalPerson });

export interface CodeAndVerifier {
  readonly code: string;
  readonly verifier: string;
}

export type AnsweredSignIn = z.infer<typeof kept> & { readonly provider: SignInProvider };

/** What an issuer has said, for whoever has asked for it: with the code, and the verifier of the start. */
@Injectable()
export class AnsweredSignIns {
  constructor(
    private readonly database: Database,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Throws `sign-in-code-refused`, `identity-provider-not-found`. */
  async find(
    shown: CodeAndVerifier,
    purposes: readonly SignInFlow['purpose'][],
  ): Promise<AnsweredSignIn> {
    const at = this.at(shown);
    const answer = await this.database.system((tx) => findAnswer(tx, at));
    if (answer === undefined) throw signInCodeRefused();
    const { flow, person } = kept.parse(answer);
    if (!purposes.includes(flow.purpose) || !isVerifierOf(flow.challenge, shown.verifier)) {
      // Whoever guesses has one guess: the code may have been seen on its way.
      await this.database.system((tx) => useAnswer(tx, at));
      throw signInCodeRefused();
    }
    const provider = await this.database.system((tx) => enabledProvider(tx, flow.providerId));
    if (!provider) throw identityProviderNotFound();
    return { flow, person, provider };
  }

  /** For one of several that try. Throws `sign-in-code-refused`. */
  async use(shown: CodeAndVerifier): Promise<void> {
    const at = this.at(shown);
    if (!(await this.database.system((tx) => useAnswer(tx, at)))) throw signInCodeRefused();
  }

  private at({ code }: CodeAndVerifier) {
    return { codeHash: hashOf('code', code), now: new Date(this.clock.now()) };
  }
}
