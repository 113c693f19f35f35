import * as approvalErrors from '../../deployments/approvals/approvals.errors.js';
import * as breakGlassErrors from '../../deployments/approvals/break-glass/break-glass.errors.js';
import * as externalGateErrors from '../../deployments/approvals/external/external-gate.errors.js';
import * as approvalPasskeyErrors from '../../deployments/approvals/passkeys/passkeys.errors.js';
import * as approvalPolicyErrors from '../../deployments/approvals/policies/approval-policies.errors.js';
import * as holdErrors from '../../deployments/holds/holds.errors.js';
import * as killSwitchErrors from '../../deployments/kill-switch/kill-switch.errors.js';
import * as scheduleErrors from '../../deployments/schedule/schedule.errors.js';
import * as drainErrors from '../../deployments/drain/drain.errors.js';
import * as metricsErrors from '../../deployments/metrics/metrics.errors.js';
import * as freezeErrors from '../../deployments/windows/freezes.errors.js';
import * as deploymentErrors from '../../deployments/deployment.errors.js';
import * as gateErrors from '../../deployments/gates/gate.errors.js';
import * as strategyErrors from '../../deployments/strategies/strategy.errors.js';
import * as mailErrors from '../../drivers/channels/mail.errors.js';
import * as storageErrors from '../../drivers/storage/storage.errors.js';
import * as agentErrors from '../../drivers/targets/agent/agent.errors.js';
import * as auditErrors from '../../edges/audit/audit.errors.js';
import * as erasureErrors from '../../edges/audit/erasure/erasures.errors.js';
import * as receiptErrors from '../../edges/audit/receipts/receipt.errors.js';
import * as auditStreamErrors from '../../edges/audit/streams/audit-stream.errors.js';
import * as channelErrors from '../../edges/notifications/channels/channel.errors.js';
import * as deliveryErrors from '../../edges/notifications/deliveries/delivery.errors.js';
import * as subscriptionErrors from '../../edges/notifications/subscriptions/subscription.errors.js';
import * as realtimeErrors from '../../edges/realtime/realtime.errors.js';
import * as fleetErrors from '../../fleet/fleet.errors.js';
import * as settingErrors from '../../fleet/settings/settings.errors.js';
import type { ErrorCode } from '../../kernel/error-entry.js';
import * as quotaErrors from '../../kernel/quota.errors.js';
import * as databaseErrors from '../../platform/database/database.errors.js';
import * as outboundErrors from '../../platform/outbound/outbound.errors.js';
import * as httpErrors from '../../platform/http/http.errors.js';
import * as listenerErrors from '../../platform/http/listener.errors.js';
import * as pageErrors from '../../platform/http/page.errors.js';
import * as vouchingErrors from '../../platform/http/vouching.errors.js';
import * as rateLimitErrors from '../../platform/rate-limits/rate-limits.errors.js';
import * as roomErrors from '../../platform/room/room.errors.js';
import * as artifactsErrors from '../../releases/artifacts/artifacts.errors.js';
import * as releasesErrors from '../../releases/releases.errors.js';
import * as accessKeyErrors from '../../tenancy/access-keys/access-keys.errors.js';
import * as groupErrors from '../../tenancy/groups/groups.errors.js';
import * as givingErrors from '../../tenancy/permissions/giving.errors.js';
import * as bindingErrors from '../../tenancy/permissions/role-bindings.errors.js';
import * as roleErrors from '../../tenancy/roles/roles.errors.js';
import * as serviceAccountErrors from '../../tenancy/service-accounts/service-accounts.errors.js';
import * as federationErrors from '../../tenancy/federated-identities/federated-identities.errors.js';
import * as factorErrors from '../../tenancy/factors/factors.errors.js';
import * as securityErrors from '../../tenancy/security/security.errors.js';
import * as identityProviderErrors from '../../tenancy/identity-providers/identity-provider.errors.js';
import * as tenancyErrors from '../../tenancy/tenancy.errors.js';
import * as tenantErrors from '../../tenancy/tenants/tenants.errors.js';
import * as tierErrors from '../../tenancy/tiers/tiers.errors.js';
import * as tokenKeyErrors from '../../tenancy/token-keys/token-keys.errors.js';
import * as accountErrors from '../../tenancy/account/account.errors.js';
import * as invitationErrors from '../../tenancy/invitations/invitation.errors.js';
import * as passwordErrors from '../../tenancy/passwords/password.errors.js';
import * as scimErrors from '../../tenancy/scim/protocol/scim.errors.js';
import * as directoryTokenErrors from '../../tenancy/scim/tokens/directory-tokens.errors.js';
import * as directoryUserErrors from '../../tenancy/scim/users/directory-users.errors.js';
import * as usageErrors from '../../tenancy/usage/usage.errors.js';
import * as userErrors from '../../tenancy/users/user.errors.js';

/** All that such a file exports: entries, and lists of what is thrown elsewhere. */
type ErrorList = Readonly<Record<string, ErrorCode | readonly ErrorCode[]>>;

/** Every `<noun>.errors.ts`, for docs/errors.md: one line each. */
const errorLists: readonly ErrorList[] = [
  httpErrors,
  listenerErrors,
  pageErrors,
  vouchingErrors,
  rateLimitErrors,
  databaseErrors,
  roomErrors,
  outboundErrors,
  auditErrors,
  erasureErrors,
  receiptErrors,
  auditStreamErrors,
  realtimeErrors,
  approvalErrors,
  approvalPasskeyErrors,
  approvalPolicyErrors,
  breakGlassErrors,
  externalGateErrors,
  freezeErrors,
  metricsErrors,
  drainErrors,
  holdErrors,
  killSwitchErrors,
  scheduleErrors,
  deploymentErrors,
  strategyErrors,
  gateErrors,
  releasesErrors,
  artifactsErrors,
  storageErrors,
  mailErrors,
  channelErrors,
  deliveryErrors,
  subscriptionErrors,
  fleetErrors,
  settingErrors,
  tenancyErrors,
  tenantErrors,
  tierErrors,
  quotaErrors,
  usageErrors,
  tokenKeyErrors,
  accessKeyErrors,
  groupErrors,
  givingErrors,
  bindingErrors,
  roleErrors,
  serviceAccountErrors,
  federationErrors,
  userErrors,
  invitationErrors,
  passwordErrors,
  accountErrors,
  factorErrors,
  securityErrors,
  identityProviderErrors,
  scimErrors,
  directoryTokenErrors,
  directoryUserErrors,
  agentErrors,
];

/** Every error that a client can meet, by its code. Throws when a code is declared twice. */
export function errorCatalog(
  lists: readonly ErrorList[] = errorLists,
): ReadonlyMap<string, ErrorCode> {
  const catalog = new Map<string, ErrorCode>();
  for (const error of lists.flatMap((list) => Object.values(list)).flat()) {
    if (catalog.has(error.code)) throw new Error(`the error "${error.code}" is declared twice`);
    catalog.set(error.code, error);
  }
  return catalog;
}
