import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Public } from '../../platform/http/access.js';
import { Operation } from '../../platform/http/operation.js';
import { AccessTokenKeys, type PublishedKey } from './access-token-keys.js';
import { jwks } from './authentication.dto.js';

/** At the root, outside /api/v1: where RFC 8615 wants it. */
@ApiTags('authentication')
@Controller('.well-known')
export class WellKnownController {
  constructor(private readonly keys: AccessTokenKeys) {}

  @Get('jwks.json')
  @Public()
  @Operation({
    summary: 'The public keys of access tokens',
    description: 'For others that want to verify access tokens of this platform (ES256).',
    errors: [],
    example: { response: { keys: [] } },
  })
  @ApiOkResponse({ standardSchema: jwks })
  publicKeys(): { keys: PublishedKey[] } {
    return { keys: this.keys.published() };
  }
}
