import { printable } from '../../kernel/text.js';
import type { Claims, ClaimValue, Clause, Rule } from './federated-identity.js';
import {
  type ClaimForm,
  type IssuerKind,
  type IssuerKindName,
  issuerKinds,
} from './issuer-kinds.js';

export interface ExplainedClause {
  readonly claim: string;
  readonly isMet: boolean;
  /** Nobody wrote it into the rule: see `byDefault` of the kind of issuer. */
  readonly isByDefault: boolean;
  readonly expected: readonly ClaimValue[];
  /** Null: the token has no such claim. */
  readonly received: ClaimValue | null;
}

export interface ExplainedRule {
  readonly rule: string;
  readonly isMet: boolean;
  readonly clauses: readonly ExplainedClause[];
}

/** Holds a rule against the claims of a token, clause by clause; it is met when all of them are. */
export function explainRule(
  kindName: IssuerKindName,
  { name, clauses }: Rule,
  claims: Claims,
): ExplainedRule {
  const kind = issuerKinds[kindName];
  const explained = clauses.map((clause) => explainClause(kind, clause, claims));
  const { byDefault } = kind;
  if (byDefault && !clauses.some(({ claim }) => claim === byDefault.claim)) {
    const clause = { claim: byDefault.claim, oneOf: [...byDefault.oneOf] };
    explained.push({ ...explainClause(kind, clause, claims), isByDefault: true });
  }
  return { rule: name, isMet: explained.every(({ isMet }) => isMet), clauses: explained };
}

/** Of several rules the one that the token came closest to. */
export function closestOf(rules: readonly ExplainedRule[]): ExplainedRule | undefined {
  return [...rules].sort((one, other) => unmetOf(one).length - unmetOf(other).length)[0];
}

/** The claims whose clauses are not met. */
export function unmetOf({ clauses }: ExplainedRule): string[] {
  return clauses.filter(({ isMet }) => !isMet).map(({ claim }) => claim);
}

const TOLD_CHARACTERS = 300;

/** What a refusal and the audit trail may say of a token: short, harmless, and only what identifies it. */
export function toldClaims(kindName: IssuerKindName, rules: readonly Rule[], claims: Claims) {
  const kind = issuerKinds[kindName];
  const asked = kind.claims
    ? []
    : rules.flatMap(({ clauses }) => clauses.map(({ claim }) => claim));
  const told: Record<string, ClaimValue> = {};
  for (const name of new Set([...kind.told, ...asked])) {
    const value = received(claims, name);
    if (value !== null) told[name] = value;
  }
  return told;
}

function explainClause(
  kind: IssuerKind,
  { claim, oneOf }: Clause,
  claims: Claims,
): ExplainedClause {
  const value = valueOf(kind, claims, claim);
  const form = kind.claims?.[claim] ?? 'text';
  const isMet = value !== null && oneOf.some((wanted) => isSame(form, wanted, value));
  return { claim, isMet, isByDefault: false, expected: oneOf, received: received(claims, claim) };
}

/** Null: there is none, or it is a list or an object, which no clause can equal. */
function valueOf({ claims: known }: IssuerKind, claims: Claims, name: string): ClaimValue | null {
  const value = scalarOf(claims, name);
  // GitHub and GitLab write numbers and booleans as texts; a version of theirs that does not, means the same.
  return known && value !== null ? String(value) : value;
}

function scalarOf(claims: Claims, name: string): ClaimValue | null {
  const path = pathOf(name);
  const value = path.reduce<unknown>((within, part) => memberOf(within, part), claims);
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : null;
}

/** A name stands for itself, whatever is in it; `/claim/within` leads into objects (RFC 6901). */
function pathOf(name: string): string[] {
  if (!name.startsWith('/')) return [name];
  const parts = name.slice(1).split('/');
  return parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function memberOf(within: unknown, name: string): unknown {
  const isObject = typeof within === 'object' && within !== null && !Array.isArray(within);
  return isObject && Object.hasOwn(within, name) ? (within as Claims)[name] : null;
}

function received(claims: Claims, name: string): ClaimValue | null {
  const value = scalarOf(claims, name);
  return typeof value === 'string' ? printable(value.slice(0, TOLD_CHARACTERS)) : value;
}

function isSame(form: ClaimForm, wanted: ClaimValue, value: ClaimValue): boolean {
  if (typeof wanted !== 'string' || typeof value !== 'string' || form === 'text') {
    return wanted === value;
  }
  return form === 'ref' ? isRef(wanted, value) : isWorkflow(wanted, value);
}

/** `refs/heads/release/*` stands for all that begins so. */
function isRef(wanted: string, value: string): boolean {
  if (!wanted.endsWith('*')) return wanted === value;
  const prefix = wanted.slice(0, -1);
  return value.startsWith(prefix) && value.length > prefix.length;
}

/** `owner/repo/.github/workflows/deploy.yml@refs/heads/main`: the file exactly, its ref as a ref. */
function isWorkflow(wanted: string, value: string): boolean {
  const [wantedFile, wantedRef] = halves(wanted);
  const [file, ref] = halves(value);
  return wantedFile === file && isRef(wantedRef, ref);
}

/** Cut at the last `@`: a branch with one in its name is never taken for another file's. */
function halves(text: string): [file: string, ref: string] {
  const at = text.lastIndexOf('@');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
