import { Injectable } from '@nestjs/common';
import { EVERYWHERE, type Grant, Grants } from '../../kernel/grants.js';
import { Permission, permissionsOfRole } from '../../kernel/permission.js';
import { dnsLabel, text } from '../../kernel/text.js';
import { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import type { SignedIn } from '../auth/authenticator.js';
import { actAsReasonRequired, tenantMismatch, tenantNotFound } from '../tenancy.errors.js';
import { actedAsPlatformAdmin } from '../tenants/tenants.events.js';
import { TenantLooks } from '../tenants/tenant-looks.js';
import { tenantBySlug } from '../tenants/tenants.store.js';
import { grantsOf } from './bindings.js';

export interface ActingRequest {
  /** `X-Tenant`. */
  readonly tenantSlug: string;
  /** `X-Act-As-Reason`. */
  readonly reason: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly requestId: string;
}

const REASON_CHARACTERS = 500;
const reasonText = text(REASON_CHARACTERS).trim().min(1);
const READING_METHODS = ['GET', 'HEAD'];

/**
 * A platform admin in somebody else's tenant: may look, and may change something only with a reason. Either
 * is in that tenant's audit log before anything happens.
 */
@Injectable()
export class Acting {
  constructor(
    private readonly db: Database,
    private readonly looks: TenantLooks,
  ) {}

  async contextFor(signedIn: SignedIn, request: ActingRequest): Promise<Context> {
    const own = grantsOf(signedIn.roles);
    if (!own.find(Permission.TenantsManage)) throw tenantMismatch();
    const isReading = READING_METHODS.includes(request.method);
    const reason = isReading ? null : reasonOf(request.reason);
    const tenantId = await this.tenantId(request.tenantSlug);
    const ctx = new Context({
      tenantId,
      actor: {
        kind: 'user',
        id: signedIn.userId,
        name: signedIn.username,
        personId: signedIn.userId,
        isActing: true,
      },
      grants: new Grants([...own.all, lentWhen(isReading)]),
      requestId: request.requestId,
    });
    if (reason !== null) await this.record(ctx, request, reason);
    else await this.looks.note(ctx, kindOf(request.path));
    return ctx;
  }

  private async record(ctx: Context, request: ActingRequest, reason: string): Promise<void> {
    const { method, path } = request;
    await this.db.transaction(ctx, (open) =>
      open.record(actedAsPlatformAdmin(open.tenantId, { method, path, reason })),
    );
  }

  private async tenantId(slug: string): Promise<string> {
    if (!dnsLabel.safeParse(slug).success) throw tenantNotFound();
    const tenant = await this.db.system((tx) => tenantBySlug(tx, slug));
    if (!tenant || tenant.status === 'deleted') throw tenantNotFound();
    return tenant.id;
  }
}

/** Of `/api/v1/clusters/<id>`: what is looked at, and not which one. */
function kindOf(path: string): string {
  return path.split('/')[3] || 'root';
}

/**
 * What an Admin of the tenant may do; only reading without a reason. Permissions to decide are among it, so
 * that roles which hold them can be given: who decides asks `actor.isActing`.
 */
function lentWhen(isReading: boolean): Grant {
  const lent = permissionsOfRole.Admin.filter(
    (permission) => !isReading || permission.endsWith(':read'),
  );
  return { ...EVERYWHERE, permissions: new Set(lent), by: 'role PlatformAdmin' };
}

function reasonOf(header: string | undefined): string {
  const parsed = reasonText.safeParse(header);
  if (parsed.success) return parsed.data;
  throw actAsReasonRequired(REASON_CHARACTERS);
}
