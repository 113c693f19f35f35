import type { KeyObject } from 'node:crypto';
import type { Logger } from 'pino';
import type { FrontPort } from './front/front-port.js';
import type { ModuleUsers } from './supervisor/module-user.js';

export const AGENT_VERSION = '0.1.0';

/** All that one agent is told when it starts. */
export interface AgentOptions {
  readonly server: URL;
  /** Single use; not needed once enrolled. */
  readonly token: string | undefined;
  readonly directory: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The front listens at a module's port plus this: several nodes on one machine. */
  readonly portOffset: number;
  /** The address that clients of the modules use, shown in `endpoints`. */
  readonly host: string;
  /** Networks of proxies in front of this node, besides those that the cluster names. */
  readonly trustedProxies: readonly string[];
  /** PEM of a private certificate authority. */
  readonly ca: string | undefined;
  /** Not empty: only releases signed by one of these keys are accepted. */
  readonly trustedKeys: readonly KeyObject[];
  /** As whom modules run. */
  readonly users: ModuleUsers;
  /** The few variables that modules inherit from the agent. */
  readonly baseEnvironment: Readonly<Record<string, string>>;
  readonly log: Logger;
  /** Starts or finds this node's front. */
  readonly connectFront: () => Promise<FrontPort>;
}
