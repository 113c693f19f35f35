import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Context } from '../../platform/context.js';
import { GuardedFetch } from '../../platform/outbound/guarded-fetch.js';
import { Sealer, UnsealError } from '../../platform/sealing/sealer.js';
import type { IdentityProviderEntity } from './identity-provider.entity.js';
import { type ProviderTest, secretContext, type SignInProvider } from './identity-provider.js';
import { IdentityProvidersService } from './identity-providers.service.js';
import { ownErrorIn, reasonOf } from './issuer-failures.js';
import { Issuers, IssuerUnusable } from './issuers.js';

type Check = ProviderTest['checks'][number];

const keySet = z.object({
  keys: z.array(z.object({ kty: z.string(), use: z.string().optional() })),
});

/** Says of a provider what is wrong with it, to whoever manages it. */
@Injectable()
export class ProviderTests {
  constructor(
    private readonly providers: IdentityProvidersService,
    private readonly issuers: Issuers,
    private readonly outbound: GuardedFetch,
    private readonly sealer: Sealer,
  ) {}

  /** Throws `identity-provider-not-found`. */
  async run(ctx: Context, id: string): Promise<ProviderTest> {
    const provider = await this.providers.row(ctx, id);
    const checks = [this.secret(provider), ...(await this.issuer({ ...provider, tenantSlug: '' }))];
    return { isUsable: checks.every(({ isPassed }) => isPassed), checks };
  }

  private secret({ id, sealedSecret }: IdentityProviderEntity): Check {
    if (sealedSecret === null) return passed('secret', 'There is none: a public client with PKCE.');
    try {
      this.sealer.unseal(sealedSecret, secretContext(id));
      return passed('secret', 'It is set; the first sign-in shows whether it is right.');
    } catch (error) {
      if (!(error instanceof UnsealError)) throw error;
      return failed('secret', 'It can no longer be unsealed. Enter it again.');
    }
  }

  private async issuer(provider: SignInProvider): Promise<Check[]> {
    try {
      const server = (await this.issuers.ask(provider)).serverMetadata();
      const algorithms = server.id_token_signing_alg_values_supported ?? [];
      return [
        passed('discovery', 'It answers for its issuer.'),
        passed('endpoints', 'It names all that a sign-in needs.'),
        passed('algorithms', `It signs with ${algorithms.join(', ')}.`),
        await this.keys(provider, server.jwks_uri ?? ''),
      ];
    } catch (error) {
      if (error instanceof IssuerUnusable) return [failed(error.check, error.message)];
      const own = ownErrorIn(error);
      if (own) return [failed('discovery', own.message)];
      return [
        failed(
          'discovery',
          `Its discovery document is not that of this issuer (${reasonOf(error)}). Compare the issuer with what "issuer" says in /.well-known/openid-configuration, to the letter.`,
        ),
      ];
    }
  }

  private async keys({ tenantId }: SignInProvider, address: string): Promise<Check> {
    try {
      const { value } = await this.outbound.getJson(address, { key: tenantId, schema: keySet });
      const usable = value.keys.filter(({ kty, use }) => kty !== 'oct' && use !== 'enc');
      if (usable.length > 0) return passed('keys', `It publishes ${usable.length} keys.`);
      return failed('keys', 'It publishes no public key to check signatures with.');
    } catch (error) {
      const own = ownErrorIn(error);
      if (!own) throw error;
      return failed('keys', own.message);
    }
  }
}

const passed = (name: Check['name'], says: string): Check => ({ name, isPassed: true, says });
const failed = (name: Check['name'], says: string): Check => ({ name, isPassed: false, says });
