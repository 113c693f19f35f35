/** Federated identities as several commands find and show them. */
import { answer, type components, type Tidegate } from '#sdk';
import { printable } from './display/printable.js';
import { idOf, itemsOf } from './pages.js';

type Identity = components['schemas']['FederatedIdentity'];

export function identityLines(identity: Identity): string[] {
  const { name, issuer, issuerKind, audience, permissions, modules, environments } = identity;
  const state = identity.disabledAt === null ? 'enabled' : 'disabled';
  return [
    `${name} (${state}): ${issuerKind}, ${issuer}`,
    `  audience      ${audience}`,
    `  permissions   ${permissions.join(', ')}`,
    `  modules       ${modules?.join(', ') ?? 'all'}`,
    `  environments  ${environments?.join(', ') ?? 'all'}`,
    ...identity.rules.flatMap((rule) => [
      `  rule ${rule.name}`,
      ...rule.clauses.map(({ claim, oneOf, label }) => {
        const what = label === undefined ? '' : ` (${label})`;
        return `    ${claim} = ${oneOf.join(' or ')}${what}`;
      }),
    ]),
  ].map(printable);
}

export function identityId(client: Tidegate, nameOrId: string): Promise<string> {
  return idOf('federated identity', nameOrId, identitiesOf(client));
}

export function identitiesOf({ api }: Tidegate) {
  return itemsOf((query) => answer(api.GET('/api/v1/federated-identities', { params: { query } })));
}
