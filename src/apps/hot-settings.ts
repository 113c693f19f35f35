/**
 * Every setting that can be changed while everything runs, so that each process knows all of them, also
 * those of modules that it does not load. A new one is declared by `hotSetting` beside what it configures,
 * and has a line here.
 */
import { onConflict, queuedPerSlot } from '../deployments/acceptance/acceptance.settings.js';
import { newerReplacesPending } from '../deployments/approvals/approvals.settings.js';
import { holdAfterRollback } from '../deployments/holds/holds.settings.js';
import {
  breakGlass,
  breakGlassReviewHours,
} from '../deployments/approvals/break-glass/break-glass.settings.js';
import { gateBoundSettings } from '../deployments/gates/gate-bounds.settings.js';
import { auditDays } from '../edges/audit/archive/audit-archive.settings.js';
import { streamBehindMinutes } from '../edges/audit/streams/stream.settings.js';
import { suspicionSettings } from '../edges/audit/suspicion/suspicion.settings.js';
import { reminderSettings } from '../edges/notifications/reminders/reminders.settings.js';
import {
  deliveryDays,
  deliveryHours,
} from '../edges/notifications/deliveries/delivery.settings.js';
import {
  socketsPerAddress,
  socketsPerTenant,
  socketsPerUser,
} from '../edges/realtime/realtime.settings.js';
import {
  credentialDays,
  eventDays,
  idempotencyDays,
} from '../platform/housekeeping/housekeeping.settings.js';
import { corsOrigins } from '../platform/http/cors.settings.js';
import { rateSettings } from '../platform/rate-limits/rate-limits.settings.js';
import { streamsPerCaller } from '../platform/http/http.settings.js';
import type { AnyHotSetting } from '../platform/settings/hot-setting.js';
import { logLevel } from '../platform/logging/logging.settings.js';
import { tenantDays } from '../tenancy/tenants/tenants.settings.js';
import { usagePrices } from '../tenancy/usage/usage.settings.js';

export const hotSettings: readonly AnyHotSetting[] = [
  ...suspicionSettings,
  ...gateBoundSettings,
  breakGlass,
  breakGlassReviewHours,
  onConflict,
  queuedPerSlot,
  newerReplacesPending,
  holdAfterRollback,
  socketsPerTenant,
  socketsPerUser,
  socketsPerAddress,
  deliveryDays,
  deliveryHours,
  streamBehindMinutes,
  corsOrigins,
  ...Object.values(rateSettings),
  credentialDays,
  eventDays,
  idempotencyDays,
  tenantDays,
  auditDays,
  streamsPerCaller,
  logLevel,
  usagePrices,
  ...reminderSettings,
];
