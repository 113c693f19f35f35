import type { Permission } from '../../kernel/permission.js';
import type { Access, Proof } from './access-rule.js';
import { addRouteFacts } from './route-facts.js';

export const ACCESS_METADATA = 'tidegate:access';

/** How many of the decorators stand on a handler; two would let the outer one win in silence. */
export const ACCESS_COUNT_METADATA = 'tidegate:access-count';

const access =
  (value: Access): MethodDecorator =>
  (_target, _key, descriptor) => {
    const handler = descriptor.value as object;
    const count = (Reflect.getMetadata(ACCESS_COUNT_METADATA, handler) as number | undefined) ?? 0;
    Reflect.defineMetadata(ACCESS_COUNT_METADATA, count + 1, handler);
    Reflect.defineMetadata(ACCESS_METADATA, value, handler);
    addRouteFacts(handler, { access: value });
  };

/** Only callers whose role or key holds the permission. */
export const Allow = (permission: Permission, proof: Proof = {}) =>
  access({ kind: 'permission', permission, ...proof });

/** Anybody with a good token, people and machines alike (`me`). */
export const Authenticated = ({ isForEnrolling }: Pick<Proof, 'isForEnrolling'> = {}) =>
  access({ kind: 'authenticated', ...(isForEnrolling ? { isForEnrolling } : {}) });

/** People only, with a session of their own: what is about their account. */
export const PersonOnly = (proof: Proof = {}) => access({ kind: 'person', ...proof });

/** Only an enrolled node, by a token signed with its own key. */
export const AgentOnly = () => access({ kind: 'agent' });

/** Only a tenant's directory, by the token of its own kind, which is good for nothing else. */
export const DirectoryOnly = () => access({ kind: 'directory' });

/** Anybody at all: login, health, enrolment (which brings its own token). */
export const Public = () => access({ kind: 'public' });

/** Anybody, as often as they like: a balancer must not hear 429 from a process that is well. */
export const Probe = () => access({ kind: 'public', isProbe: true });
