import {
  type Permission,
  PERMISSIONS,
  permissionsOfRole,
  ROLES,
  type ScopeEffect,
  scopeEffectsOf,
} from '../../kernel/permission.js';
import type { CheckedHandler } from '../../platform/http/access-check.js';
import type { Access } from '../../platform/http/access-rule.js';
import { operationId } from '../../platform/http/document.js';
import { type DescribedApi, describedApi } from './openapi-page.js';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** docs/permissions.md: every route and message, who may call it, and what a scope does to that. */
export async function permissionsPage(): Promise<string> {
  const entries = entriesOf(await describedApi());
  return [
    '# Permissions',
    '<!-- Generated from the routes and kernel/permission.ts by `npm run docs:generate`. Do not edit. -->',
    'What may be done, by whom. A tenant’s own roles are sets of the same permissions; keys and pipelines hold a part of their makers’. `npx tidegate can PERMISSION` says which rule lets you do something, or what you lack.',
    'A **scope** of modules or environments **narrows** a permission to these, does not matter to it (**–**), or **excludes** it: it is about the whole tenant, and whoever holds it by a role with such a scope does not hold it. What is out of scope is not found when it is read, and `permission-missing` when it is changed. **Proof**: people show, within five minutes before, once more that it is they; machines cannot.',
    '## Roles',
    table(
      ['permission', 'modules', 'environments', ...ROLES],
      PERMISSIONS.map((permission) => [
        `\`${permission}\``,
        ...effectsOf(permission),
        ...heldBy(permission),
      ]),
    ),
    '## Routes that need a permission',
    table(
      ['route', 'permission', 'proof', 'modules', 'environments', ...ROLES],
      entries.flatMap(({ name, access }) =>
        access.kind === 'permission' ? [permissionRow(name, access)] : [],
      ),
    ),
    ...others.flatMap(({ heading, text, is }) => [
      `## ${heading}`,
      text,
      table(
        ['route', 'proof'],
        entries
          .filter(({ access }) => is(access))
          .map(({ name, access }) => [`\`${name}\``, proofOf(access)]),
      ),
    ]),
  ]
    .join('\n\n')
    .concat('\n');
}

const others: readonly {
  readonly heading: string;
  readonly text: string;
  readonly is: (access: Access) => boolean;
}[] = [
  {
    heading: 'For everybody who is signed in',
    text: 'People, keys and pipelines, whatever they may do; what it answers is about themselves.',
    is: ({ kind }) => kind === 'authenticated',
  },
  {
    heading: 'For people only',
    text: 'With a session of their own: it is about their account.',
    is: ({ kind }) => kind === 'person',
  },
  {
    heading: 'For nodes',
    text: 'By a token that the node’s own key has signed.',
    is: ({ kind }) => kind === 'agent',
  },
  {
    heading: 'For a directory',
    text: 'By the tenant’s directory token, which is good for nothing else ([SCIM](scim.md)).',
    is: ({ kind }) => kind === 'directory',
  },
  {
    heading: 'For everybody',
    text: 'Without a token, or with one that the route itself takes.',
    is: ({ kind }) => kind === 'public',
  },
];

export interface Entry {
  /** `GET /api/v1/roles`, or `socket SubscribeToDeployment`. */
  readonly name: string;
  readonly access: Access;
}

/** Each route of the document, then each message of the socket. Throws for one that no table takes. */
export function entriesOf({ document, handlers }: DescribedApi): Entry[] {
  const byId = new Map(handlers.map((each) => [operationId(each.controller, each.method), each]));
  const routes = Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      if (!operation) return [];
      const name = `${method.toUpperCase()} ${path}`;
      const handler = byId.get(operation.operationId ?? '');
      if (!handler) throw new Error(`nobody knows who may call ${name}`);
      return [{ name, access: handler.access }];
    }),
  );
  const messages = handlers
    .filter(({ transport }) => transport === 'socket')
    .map(({ method, access }) => ({ name: `socket ${method}`, access }));
  return [...routes.sort(byPath), ...messages];
}

function byPath(one: Entry, other: Entry): number {
  const keyOf = ({ name }: Entry) => name.split(' ').reverse().join(' ');
  return keyOf(one) < keyOf(other) ? -1 : 1;
}

function permissionRow(
  name: string,
  access: Extract<CheckedHandler['access'], { kind: 'permission' }>,
): string[] {
  const { permission } = access;
  const effects = effectsOf(permission);
  return [`\`${name}\``, `\`${permission}\``, proofOf(access), ...effects, ...heldBy(permission)];
}

function proofOf(access: Access): string {
  return 'isStepUp' in access && access.isStepUp ? 'proof' : '';
}

function effectsOf(permission: Permission): string[] {
  const { modules, environments } = scopeEffectsOf(permission);
  const words: Readonly<Record<ScopeEffect, string>> = {
    narrows: 'narrows',
    ignored: '–',
    excludes: 'excludes',
  };
  return [words[modules], words[environments]];
}

function heldBy(permission: Permission): string[] {
  return ROLES.map((role) => (permissionsOfRole[role].includes(permission) ? 'yes' : ''));
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}
