import type { Provider, Type } from '@nestjs/common';
import { AccountMail } from './account-mail.js';
import { AccountController } from './account/account.controller.js';
import { AccountService } from './account/account.service.js';
import { OwnSessionsService } from './account/own-sessions.service.js';
import { SwitchingController } from './account/switching.controller.js';
import { SwitchingService } from './account/switching.service.js';
import { TenantEntrance } from './account/tenant-entrance.js';
import { PasswordHasher } from './auth/password-hasher.js';
import { TokenGuesses } from './auth/token-guesses.js';
import { AcceptanceController } from './invitations/acceptance.controller.js';
import { AcceptanceService } from './invitations/acceptance.service.js';
import { InvitationsController } from './invitations/invitations.controller.js';
import { InvitationsService } from './invitations/invitations.service.js';
import { NewPasswords } from './passwords/new-passwords.js';
import { OwnPassword } from './passwords/own-password.js';
import { PasswordsController } from './passwords/passwords.controller.js';
import { PasswordsService } from './passwords/passwords.service.js';
import { ResetBudgets } from './passwords/reset-budgets.js';
import { ResetRequests } from './passwords/reset-requests.js';
import { AccountAudit } from './users/account-audit.js';
import { AccountNotices } from './users/account-notices.js';
import { AccountLinks } from './users/account-links.js';
import { PlatformUsersController } from './users/platform-users.controller.js';
import { PlatformUsersService } from './users/platform-users.service.js';
import { UsersController } from './users/users.controller.js';
import { UsersService } from './users/users.service.js';

/** People, their memberships, invitations, passwords and sessions. The first path that fits is taken. */
export const peopleControllers: readonly Type[] = [
  InvitationsController,
  UsersController,
  PlatformUsersController,
  AcceptanceController,
  PasswordsController,
  AccountController,
  SwitchingController,
];

export const peopleProviders: readonly Provider[] = [
  AccountMail,
  {
    provide: NewPasswords,
    inject: [PasswordHasher],
    useFactory: (hasher: PasswordHasher) => NewPasswords.open(hasher),
  },
  AcceptanceService,
  AccountAudit,
  AccountLinks,
  AccountNotices,
  AccountService,
  InvitationsService,
  OwnPassword,
  OwnSessionsService,
  PasswordsService,
  PlatformUsersService,
  ResetBudgets,
  ResetRequests,
  SwitchingService,
  TenantEntrance,
  TokenGuesses,
  UsersService,
];
