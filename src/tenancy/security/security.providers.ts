import { Entrance } from './entrance.js';
import { SecurityController } from './security.controller.js';
import { SecurityPolicies } from './security-policies.js';
import { SecurityService } from './security.service.js';

/** What tenants demand, for the module of tenancy, whose guard asks it. */
export const securityProviders = [Entrance, SecurityPolicies, SecurityService];

export const securityControllers = [SecurityController];
