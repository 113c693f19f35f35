import type { Provider, Type } from '@nestjs/common';
import { ScimGroupsController } from './groups/scim-groups.controller.js';
import { ScimGroupsService } from './groups/scim-groups.service.js';
import { ScimDiscoveryController } from './protocol/scim-discovery.controller.js';
import { ScimAddress } from './scim-address.js';
import { DirectoryAuthenticator } from './tokens/directory-authenticator.js';
import { DirectoryTokenStandings } from './tokens/directory-token-standings.js';
import { DirectoryTokenUses } from './tokens/directory-token-uses.js';
import { DirectoryTokensController } from './tokens/directory-tokens.controller.js';
import { DirectoryTokensService } from './tokens/directory-tokens.service.js';
import { DirectoryInvitations } from './users/directory-invitations.js';
import { DirectoryUsersController } from './users/directory-users.controller.js';
import { DirectoryUsersService } from './users/directory-users.service.js';
import { ScimUsersController } from './users/scim-users.controller.js';
import { ScimUsersService } from './users/scim-users.service.js';

/** A tenant's directory, for the module of tenancy: its guard asks the one, the others ask its mail. */
export const scimControllers: readonly Type[] = [
  DirectoryTokensController,
  DirectoryUsersController,
  ScimDiscoveryController,
  ScimGroupsController,
  ScimUsersController,
];

export const scimProviders: readonly Provider[] = [
  DirectoryAuthenticator,
  DirectoryInvitations,
  DirectoryTokenStandings,
  DirectoryTokenUses,
  DirectoryTokensService,
  DirectoryUsersService,
  ScimAddress,
  ScimGroupsService,
  ScimUsersService,
];
