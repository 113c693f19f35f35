import type { Permission } from '../../kernel/permission.js';

/**
 * Who may call a route or socket message. Exactly one of these stands on every handler, or the
 * process does not start (access-check.ts); there is no default.
 */
export type Access =
  | { readonly kind: 'permission'; readonly permission: Permission }
  | { readonly kind: 'authenticated' }
  | { readonly kind: 'agent' }
  | { readonly kind: 'public' };

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
  };

/** Only callers whose role holds the permission. */
export const Allow = (permission: Permission) => access({ kind: 'permission', permission });

/** Anybody who is signed in (`me`, `logout`). */
export const Authenticated = () => access({ kind: 'authenticated' });

/** Only an enrolled node, by a token signed with its own key. */
export const AgentOnly = () => access({ kind: 'agent' });

/** Anybody at all: login, health, enrolment (which brings its own token). */
export const Public = () => access({ kind: 'public' });
