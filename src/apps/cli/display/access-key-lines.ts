import type { components } from '#sdk';
import { printable } from './printable.js';
import { timeText } from './times.js';

type AccessKey = components['schemas']['AccessKey'];
type CreatedAccessKey = components['schemas']['CreatedAccessKey'];

export const ACCESS_KEY_HEADS = [
  'NAME',
  'KEY',
  'OWNER',
  'MAY',
  'STATE',
  'UNTIL',
  'LAST USED',
  'ID',
];

export function accessKeyRow(key: AccessKey, isUtc: boolean): string[] {
  const { name, prefix, ownerName, state, expiresAt, lastUsedAt, lastUsedNetwork, id } = key;
  const used = lastUsedAt === null ? 'never' : timeText(lastUsedAt, isUtc);
  return [
    name,
    `${prefix}…`,
    ownerName ?? 'deleted',
    powerText(key),
    state,
    timeText(expiresAt, isUtc),
    lastUsedNetwork === null ? used : `${used} from ${lastUsedNetwork}`,
    id,
  ];
}

export function accessKeyLines(key: AccessKey, isUtc: boolean): string[] {
  const { allowedNetworks, metadata, lastRefusedAt, createdBy, createdAt } = key;
  const notes = Object.entries(metadata).map(([name, value]) => `${name}=${value}`);
  const [name, shown, owner, power, state, until, used, id] = accessKeyRow(key, isUtc);
  return [
    `${name} (${shown}), ${state}`,
    `  id           ${id}`,
    `  owner        ${owner} (${key.ownerKind})`,
    `  made         ${timeText(createdAt, isUtc)} by ${createdBy}`,
    `  good until   ${until}`,
    `  may          ${power}: ${key.permissions.join(', ')}`,
    ...(key.requestsPerMinute === null
      ? []
      : [`  at most      ${key.requestsPerMinute} requests a minute`]),
    `  from         ${allowedNetworks.join(', ') || 'everywhere'}`,
    `  last used    ${used}`,
    ...(lastRefusedAt === null ? [] : [`  last refused ${timeText(lastRefusedAt, isUtc)}`]),
    ...(notes.length === 0 ? [] : [`  metadata     ${notes.join(', ')}`]),
  ].map(printable);
}

/** The one time that a key is shown, with what to do with it. */
export function createdKeyLines(key: CreatedAccessKey, isUtc: boolean): string[] {
  return [
    key.secret,
    ...[
      `This is "${key.name}", good until ${timeText(key.expiresAt, isUtc)}. It is shown only once:`,
      'put it where your pipeline keeps its secrets, as TIDEGATE_TOKEN, and nowhere else.',
      `Lost or seen by others: tidegate access-keys revoke ${key.id}`,
    ].map(printable),
  ];
}

function powerText({ permissionSet, modules, environments }: AccessKey): string {
  const where = [
    modules && `of ${modules.join(', ')}`,
    environments && `in ${environments.join(', ')}`,
  ];
  return [permissionSet ?? 'a list', ...where.filter(Boolean)].join(' ');
}
