import { Controller } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Route } from '../../platform/http/route.js';
import { AccessTokenKeys, type PublishedKey } from './access-token-keys.js';
import { jwks } from './authentication.dto.js';

/** At the root, outside /api/v1: where RFC 8615 wants it. */
@ApiTags('authentication')
@Controller('.well-known')
export class WellKnownController {
  constructor(private readonly keys: AccessTokenKeys) {}

  @Route('GET jwks.json', {
    access: 'public',
    summary: 'The public keys of access tokens',
    description: 'For others that want to verify access tokens of this platform (ES256).',
    errors: [],
    answer: jwks,
    example: { response: { keys: [] } },
  })
  publicKeys(): { keys: PublishedKey[] } {
    return { keys: this.keys.published() };
  }
}
