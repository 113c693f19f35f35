/** The door of the package. */
export { answer, createTidegate, signIn } from './tidegate.js';
export type {
  DeploymentAccepted,
  DeploymentRequest,
  Tidegate,
  TidegateOptions,
} from './tidegate.js';
export type { FollowAllOptions, FollowGap } from './follow-all.js';
export type { LiveEvent } from './seen-deployments.js';
export { followDeployment, isFinal } from './follow-deployment.js';
export type {
  Deployment,
  DeploymentEvent,
  DeploymentNews,
  FollowOptions,
} from './follow-deployment.js';
export type { PushedRelease, Release, ReleasePush } from './push-release.js';
export { completeManifest, releaseDigest, signReleaseDigest } from './release-digest.js';
export type { Credentials, Login, TokenPair, TokenStore } from './session.js';
export { TidegateError, UnreachableError } from './tidegate-error.js';
export type { components, paths } from './schema.js';
