import type { Permission } from '../../../kernel/permission.js';
import { type Occurrence, textIn, textsIn, timeIn } from './occurrence.js';
import { timeText } from './message-text.js';

export interface MessageField {
  readonly name: string;
  readonly value: string;
}

/** What is said of one event. All of it is text: it is escaped where it is written. */
export interface Wording {
  readonly title: (of: Occurrence) => string;
  /** One sentence each. */
  readonly lines: (of: Occurrence) => readonly string[];
  /** Left out where the event has none. */
  readonly fields: readonly FieldOf[];
  /** Under the installation's public address: a page of the dashboard. It shows, and changes nothing. */
  readonly page: (of: Occurrence) => `/${string}` | null;
  /** What somebody must be allowed, where it happened, to hear of it. */
  readonly readers: Permission;
  /** Of the body of an example, beside module and environment. */
  readonly sample: Readonly<Record<string, unknown>>;
}

export type FieldOf = (of: Occurrence) => MessageField | null;

export const text =
  (name: string, key: string): FieldOf =>
  (of) => {
    const value = textIn(of, key);
    return value === null ? null : { name, value };
  };

export const list =
  (name: string, key: string): FieldOf =>
  (of) => {
    const values = textsIn(of, key);
    return values.length === 0 ? null : { name, value: values.join(', ') };
  };

export const time =
  (name: string, key: string): FieldOf =>
  (of) => {
    const at = timeIn(of, key);
    return at === null ? null : { name, value: timeText(at) };
  };

const names =
  (name: string, namesOf: (of: Occurrence) => readonly string[]): FieldOf =>
  (of) => {
    const value = namesOf(of).join(', ');
    return value === '' ? null : { name, value };
  };
export const actorField: FieldOf = ({ actor }) => ({ name: 'By', value: actor });

export const placeFields: readonly FieldOf[] = [
  names('Module', ({ modules }) => modules),
  text('Version', 'version'),
  names('Environment', ({ environments }) => environments),
  text('Cluster', 'cluster'),
];

/** `orders 2.1.0 in Production`: as far as it is known. */
export function rolloutOf(of: Occurrence): string {
  const version = textIn(of, 'version');
  const module = of.modules[0] ?? 'a deployment';
  const what = version === null ? module : `${module} ${version}`;
  return of.environments.length === 0 ? what : `${what} in ${of.environments.join(', ')}`;
}

/** `orders in Production`, `Production`, or the tenant as a whole. */
export function placeOf({ modules, environments }: Occurrence): string {
  const [what, where] = [modules.join(', '), environments.join(', ')];
  if (what === '') return where === '' ? 'the whole tenant' : where;
  return where === '' ? what : `${what} in ${where}`;
}

export const deploymentPage = ({ subject }: Occurrence): `/${string}` =>
  `/deployments/${subject.id}`;

/** Where people decide. Reading it decides nothing: a decision is a POST by somebody who has signed in. */
export const approvalPage = ({ subject }: Occurrence): `/${string}` =>
  `/deployments/${subject.id}/approval`;
