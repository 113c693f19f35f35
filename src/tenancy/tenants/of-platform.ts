import { Context } from '../../platform/context.js';
import { PLATFORM_TENANT } from './platform-tenant.js';

/** The same person, where their acts are recorded that concern no tenant in particular. */
export function ofPlatform(ctx: Context): Context {
  return inTenant(ctx, PLATFORM_TENANT.id);
}

/** The same person, about another tenant: for whoever has made sure that they may. */
export function inTenant({ actor, grants, requestId }: Context, tenantId: string): Context {
  return new Context({ tenantId, actor, grants, requestId });
}
