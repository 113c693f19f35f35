import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../../kernel/clock.js';
import { Grants } from '../../../kernel/grants.js';
import { networksOf } from '../../../kernel/networks.js';
import { CLOCK } from '../../../platform/clock.js';
import { Context } from '../../../platform/context.js';
import { unauthenticated } from '../../../platform/http/http.errors.js';
import { Entrance } from '../../security/entrance.js';
import { isGone } from '../../tenants/tenant.js';
import type { DirectoryTokenStanding } from './directory-token-standings.queries.js';
import { DirectoryTokenStandings } from './directory-token-standings.js';
import { directoryTokenHash, isDirectoryTokenText } from './directory-token-text.js';
import { DirectoryTokenUses } from './directory-token-uses.js';
import { directoryTokenNetworkRefused } from './directory-tokens.errors.js';
import type { DirectoryTokenFault } from './directory-tokens.events.js';

interface Asked {
  readonly requestId: string;
  readonly address: string;
}

/**
 * From the text of a directory token to a Context without a single permission: what a directory may do is
 * what the routes of SCIM do. It is no `MachineBearer`, so nothing but those routes ever asks about it.
 */
@Injectable()
export class DirectoryAuthenticator {
  constructor(
    private readonly standings: DirectoryTokenStandings,
    private readonly uses: DirectoryTokenUses,
    private readonly entrance: Entrance,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Throws `unauthenticated`, `network-not-allowed`, `directory-token-network-refused`. */
  async authenticate(
    text: string,
    { requestId, address }: Asked,
  ): Promise<{ readonly ctx: Context; readonly tenantSlug: string }> {
    if (!isDirectoryTokenText(text)) {
      throw unauthenticated('This takes a directory token (tgd_…) and nothing else.');
    }
    const token = await this.standings.of(directoryTokenHash(text), address);
    if (!token) throw unauthenticated('There is no such directory token here.');
    const { tenantSlug, tenantStatus, name } = token;
    if (isGone(tenantStatus)) throw unauthenticated(ENDED);
    const ctx = contextOf(token, requestId);
    const reason = this.faultOf(token, address);
    if (reason !== null) {
      this.uses.tellRefused(ctx, { name, reason }, address);
      throw reason === 'network' ? directoryTokenNetworkRefused(address) : unauthenticated(ENDED);
    }
    // Its own networks are the more exact word: those of its people are not those of its directory.
    if (token.allowedNetworks.length === 0) {
      await this.entrance.checkNetwork(token.tenantId, address);
    }
    this.uses.tellUsed(ctx, address);
    return { ctx, tenantSlug };
  }

  private faultOf(token: DirectoryTokenStanding, address: string): DirectoryTokenFault | null {
    if (token.revokedAt !== null) return 'revoked';
    if (token.expiresAt.getTime() <= this.clock.now()) return 'expired';
    const isAnywhere = token.allowedNetworks.length === 0;
    return isAnywhere || networksOf(token.allowedNetworks)(address) ? null : 'network';
  }
}

const ENDED =
  'This directory token has expired or is revoked. An Admin makes a new one: npx tidegate directory tokens create.';

function contextOf({ tenantId, id, name }: DirectoryTokenStanding, requestId: string): Context {
  return new Context({
    tenantId,
    actor: { kind: 'directory', id, name: `directory:${name}`, personId: null },
    grants: Grants.none,
    requestId,
  });
}
