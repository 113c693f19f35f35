import { Module } from '@nestjs/common';
import { GroupMembersService } from '../groups/group-members.service.js';
import { GroupsController } from '../groups/groups.controller.js';
import { GroupsService } from '../groups/groups.service.js';
import { MayController } from '../permissions/may.controller.js';
import { MayService } from '../permissions/may.service.js';
import { RoleBindingsController } from '../permissions/role-bindings.controller.js';
import { RoleBindingsService } from '../permissions/role-bindings.service.js';
import { RolesController } from './roles.controller.js';
import { RolesService } from './roles.service.js';

/** What may be done: roles of a tenant's own, groups, and who holds which role. */
@Module({
  controllers: [RolesController, GroupsController, RoleBindingsController, MayController],
  providers: [GroupMembersService, GroupsService, MayService, RoleBindingsService, RolesService],
})
export class RolesModule {}
