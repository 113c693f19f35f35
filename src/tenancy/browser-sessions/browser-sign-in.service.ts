import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/clock.js';
import { Config } from '../../platform/config/config.js';
import { checkPage, sessionCookie } from '../../platform/http/session-cookie.js';
import { SwitchingService } from '../account/switching.service.js';
import type { RequestOrigin } from '../auth/authentication-audit.js';
import type { LoginBody, PasskeyLoginBody } from '../auth/authentication.dto.js';
import { AuthenticationService, type Entered } from '../auth/authentication.service.js';
import { originOf, signedInOf } from '../auth/signed-in-request.js';
import type { CompleteBody } from '../identity-providers/oidc.dto.js';
import { OidcSignIn } from '../identity-providers/oidc-sign-in.service.js';
import { namedTenant } from '../permissions/named-tenant.js';

interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** The ways in, as the API has them, for browsers: what they answer with is a cookie that no script reads. */
@Injectable()
export class BrowserSignIn {
  constructor(
    private readonly authentication: AuthenticationService,
    private readonly oidc: OidcSignIn,
    private readonly switching: SwitchingService,
    private readonly config: Config,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  byPassword(body: LoginBody, exchange: Exchange) {
    return this.enter(exchange, (origin) =>
      this.authentication.enterByPassword(this.inTenant(body, exchange), origin, 'cookie'),
    );
  }

  byPasskey(body: PasskeyLoginBody, exchange: Exchange) {
    return this.enter(exchange, (origin) =>
      this.authentication.enterByPasskey(this.inTenant(body, exchange), origin, 'cookie'),
    );
  }

  byProvider(body: CompleteBody, exchange: Exchange) {
    return this.enter(exchange, (origin) => this.oidc.enter(body, origin, 'cookie'));
  }

  switchTo(tenant: string, exchange: Exchange) {
    return this.enter(exchange, (origin) =>
      this.switching.switchBrowserTo(signedInOf(exchange.request), tenant, origin),
    );
  }

  async end({ request, reply }: Exchange): Promise<void> {
    await this.authentication.logout(signedInOf(request), originOf(request));
    const gone = sessionCookie(request.headers, this.config, { text: '', maxAgeSeconds: 0 });
    void reply.header('set-cookie', gone);
  }

  /**
   * Before anything is done: else another page could sign people in as somebody they are not. Throws
   * `foreign-page`, `https-needed`.
   */
  private async enter(
    { request, reply }: Exchange,
    work: (origin: RequestOrigin) => Promise<Entered>,
  ) {
    checkPage(request, this.config);
    const { session, standing, opened, recoveryCodesLeft } = await work(originOf(request));
    const { text, expiresAt } = opened;
    const maxAgeSeconds = Math.floor((expiresAt.getTime() - this.clock.now()) / 1000);
    const cookie = sessionCookie(request.headers, this.config, { text, maxAgeSeconds });
    void reply.header('set-cookie', cookie);
    const answer = { user: this.authentication.userOf(session, standing), expiresAt };
    return recoveryCodesLeft === null ? answer : { ...answer, recoveryCodesLeft };
  }

  /** As a sign-in for tokens does it. Throws `tenant-mismatch`. */
  private inTenant<Body extends { readonly tenant?: string | undefined }>(
    body: Body,
    { request }: Exchange,
  ): Body {
    const named = { said: body.tenant, host: request.hostname };
    return { ...body, tenant: namedTenant(named, this.config.publicUrl) };
  }
}
