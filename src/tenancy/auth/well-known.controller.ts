import { Controller } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Route } from '../../platform/http/route.js';
import { AccessTokenKeys } from '../token-keys/access-token-keys.js';
import type { PublishedKey } from '../token-keys/token-key.js';
import { PUBLISHED_SECONDS } from '../token-keys/token-key-version.js';
import { jwks } from './authentication.dto.js';

/** At the root, outside /api/v1: where RFC 8615 wants it. */
@ApiTags('authentication')
@Controller('.well-known')
export class WellKnownController {
  constructor(private readonly keys: AccessTokenKeys) {}

  @Route('GET jwks.json', {
    access: 'public',
    summary: 'The public keys of access tokens',
    description:
      'For others that want to verify access tokens of this platform (ES256). A key is published before it signs; ask again after a minute, as Cache-Control says, and not for each unknown `kid`.',
    errors: [],
    answer: jwks,
    // A key signs later than that, and verifies for longer than a token that it signed.
    answerHeaders: () => ({ 'cache-control': `public, max-age=${PUBLISHED_SECONDS}` }),
    example: { response: { keys: [] } },
  })
  async publicKeys(): Promise<{ keys: PublishedKey[] }> {
    return { keys: await this.keys.published() };
  }
}
