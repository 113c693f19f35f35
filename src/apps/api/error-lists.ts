import { deploymentErrors } from '../../deployments/deployment.errors.js';
import { agentErrors } from '../../drivers/targets/agent/agent.errors.js';
import { realtimeErrors } from '../../edges/realtime/realtime.errors.js';
import { fleetErrors } from '../../fleet/fleet.errors.js';
import type { ErrorCode } from '../../platform/http/error-codes.js';
import { artifactsErrors } from '../../releases/artifacts/artifacts.errors.js';
import { releasesErrors } from '../../releases/releases.errors.js';
import { tenancyErrors } from '../../tenancy/tenancy.errors.js';

/** Every feature's `<noun>.errors.ts`, for the OpenAPI document and docs/errors.md: one line each. */
export const errorLists: readonly (readonly ErrorCode[])[] = [
  realtimeErrors,
  deploymentErrors,
  releasesErrors,
  artifactsErrors,
  fleetErrors,
  tenancyErrors,
  agentErrors,
];
