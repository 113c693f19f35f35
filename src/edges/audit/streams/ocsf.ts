/**
 * An entry of the audit log as an event of the Open Cybersecurity Schema Framework. What the schema has no
 * place for stands in `unmapped`, so that nothing is left out. Pure: the same entry is always the same event.
 */
import { isIP } from 'node:net';
import type { EntryFields } from '../../../kernel/tlog/audit-leaf.js';
import { type Activity, activityOf, severityOf } from './ocsf-activities.js';

/** Of the schema; receivers choose their parser by it. */
export const OCSF_VERSION = '1.7.0';

const CLASSES = {
  3001: 'Account Change',
  3002: 'Authentication',
  3004: 'Entity Management',
  3005: 'User Access Management',
  6003: 'API Activity',
} as const satisfies Record<Activity['classUid'], string>;
const CATEGORIES = { 3: 'Identity & Access Management', 6: 'Application Activity' } as const;
const OTHER = 99;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** `user.type_id`; other kinds are of no type that OCSF knows. */
const USER_TYPES: Readonly<Record<string, number>> = {
  user: 1,
  system: 3,
  'access-key': 4,
  workload: 4,
};

type Json = Readonly<Record<string, unknown>>;

export interface Told {
  readonly sequence: number;
  /** Of the program that recorded it. */
  readonly version: string;
}

export function ocsfOf(entry: EntryFields, { sequence, version }: Told): Json {
  const { category, action, outcome, subject, at } = entry;
  const { classUid, id } = activityOf({ category, action, subjectKind: subject.kind });
  const categoryUid = classUid < 6_000 ? 3 : 6;
  return {
    activity_id: id,
    ...(id === OTHER ? { activity_name: action } : {}),
    category_uid: categoryUid,
    category_name: CATEGORIES[categoryUid],
    class_uid: classUid,
    class_name: CLASSES[classUid],
    type_uid: classUid * 100 + id,
    severity_id: severityOf(action, outcome),
    status_id: outcome === 'allowed' ? 1 : 2,
    status_detail: outcome,
    time: Date.parse(at),
    message: `${action} (${subject.kind} ${subject.id})`,
    actor: { user: actorOf(entry) },
    ...endpointOf(entry, classUid),
    ...requestOf(entry),
    ...ofClass(entry, classUid),
    metadata: metadataOf(entry, { sequence, version }),
    unmapped: unmappedOf(entry),
  };
}

function metadataOf({ id, tenantId, traceId, action }: EntryFields, told: Told): Json {
  return {
    version: OCSF_VERSION,
    product: { name: 'Tidegate', vendor_name: 'Tidegate', version: told.version },
    uid: id,
    sequence: told.sequence,
    log_name: 'audit',
    tenant_uid: tenantId,
    event_code: action,
    ...(traceId === null ? {} : { correlation_uid: traceId }),
  };
}

function actorOf({ actor }: EntryFields): Json {
  return userOf(actor.kind, { id: actor.id, name: actor.name });
}

function userOf(
  kind: string | null,
  { id, name }: { readonly id: string | null; readonly name: string },
): Json {
  return {
    ...(id === null ? {} : { uid: id }),
    name,
    type_id: USER_TYPES[kind ?? ''] ?? OTHER,
    ...(kind === null ? {} : { type: kind }),
  };
}

/** An API activity must say from where it came; what the system does by itself comes from here. */
function endpointOf({ sourceAddress }: EntryFields, classUid: number): Json {
  if (sourceAddress === null) {
    return classUid === 6003 ? { src_endpoint: { svc_name: 'tidegate' } } : {};
  }
  // Of an erased address a pseudonym is left.
  const isAddress = isIP(sourceAddress) !== 0;
  return { src_endpoint: isAddress ? { ip: sourceAddress } : { name: sourceAddress } };
}

function requestOf({ requestId, userAgent, sourceAddress }: EntryFields): Json {
  if (sourceAddress === null && userAgent === null) return {};
  return {
    http_request: {
      ...(requestId === null ? {} : { uid: requestId }),
      ...(userAgent === null ? {} : { user_agent: userAgent }),
    },
  };
}

/** What a class cannot do without. */
function ofClass(entry: EntryFields, classUid: Activity['classUid']): Json {
  const { action, subject, body } = entry;
  const thing = { type: subject.kind, uid: subject.id };
  switch (classUid) {
    case 3001:
      return { user: personIn(entry) };
    case 3002:
      return { user: personIn(entry), service: { name: 'tidegate' } };
    case 3004:
      return { entity: thing };
    case 3005: {
      const { role } = body;
      const privileges = [typeof role === 'string' ? role : action];
      return { user: personIn(entry), privileges, resources: [thing] };
    }
    case 6003: {
      const request = entry.requestId === null ? {} : { request: { uid: entry.requestId } };
      return { api: { operation: action, ...request }, resources: [thing] };
    }
  }
}

/** Whom it was done to: the subject, or whom the body names; else whoever did it. */
function personIn(entry: EntryFields): Json {
  const { subject, body } = entry;
  const named = [body['username'], body['userName'], body['person']].find(
    (each) => typeof each === 'string',
  );
  const isPerson = subject.kind === 'user';
  if (isPerson && UUID.test(subject.id)) {
    const name = named === undefined ? {} : { name: named };
    return { uid: subject.id, ...name, type_id: 1 };
  }
  if (isPerson) return { name: subject.id, type_id: 1 };
  return named === undefined ? actorOf(entry) : { name: named, type_id: 1 };
}

/** All of the entry that has no place of its own in the class. */
function unmappedOf({ category, actingFor, releaseId, deploymentId, ...rest }: EntryFields): Json {
  return {
    category,
    acting_for: actingFor,
    subject: rest.subject,
    release_id: releaseId,
    deployment_id: deploymentId,
    request_id: rest.requestId,
    entry_version: rest.version,
    details: rest.body,
  };
}
