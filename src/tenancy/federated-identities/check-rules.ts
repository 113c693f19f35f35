import type { Clause, Rule } from './federated-identity.js';
import {
  type ClaimForm,
  type IssuerKind,
  type IssuerKindName,
  issuerKinds,
  TOKEN_CLAIMS,
} from './issuer-kinds.js';

const REF = /^refs\/(heads|tags)\/[^*]+\*?$/;
const ANY_REF = /^refs\/(heads|tags)\/\*$/;
const WORKFLOW_FILE = /^[^*@]+$/;
/** Ids of GitHub and GitLab. */
const ID = /^[1-9]\d{0,19}$/;

/**
 * What is wrong with the rules of an identity, one sentence each: a rule that can never be met, or that more
 * would meet than its maker thinks. Found when it is saved, not when the first pipeline fails.
 */
export function faultsOfRules(kindName: IssuerKindName, rules: readonly Rule[]): string[] {
  const kind = issuerKinds[kindName];
  const names = rules.map(({ name }) => name);
  const doubled = names.filter((name, index) => names.indexOf(name) !== index);
  return [
    ...doubled.map((name) => `two rules are named "${name}"`),
    ...rules.flatMap((rule) =>
      faultsOfRule(kind, rule).map((fault) => `rule "${rule.name}": ${fault}`),
    ),
  ];
}

function faultsOfRule(kind: IssuerKind, { clauses }: Rule): string[] {
  const named = clauses.map(({ claim }) => claim);
  const has = (claim: string) => named.includes(claim);
  const doubled = named.filter((claim, index) => named.indexOf(claim) !== index);
  const faults = doubled.map((claim) => `two clauses are about ${claim}: give one a list`);
  for (const claim of kind.required)
    if (!has(claim)) faults.push(`a clause about ${claim} is missing`);
  if (kind.oneOf.length > 0 && !kind.oneOf.some(has)) {
    faults.push(`a clause about one of ${kind.oneOf.join(', ')} is missing`);
  }
  for (const [claim, other] of Object.entries(kind.together)) {
    if (has(claim) && !has(other)) faults.push(`${claim} says too little without ${other}`);
  }
  return [...faults, ...clauses.flatMap((clause) => faultsOfClause(kind, clause))];
}

function faultsOfClause(kind: IssuerKind, { claim, oneOf }: Clause): string[] {
  if (TOKEN_CLAIMS.includes(claim)) return [`${claim} is checked anyway and no clause`];
  if (kind.claims === null) return [];
  const form = Object.hasOwn(kind.claims, claim) ? kind.claims[claim]! : null;
  if (form === null) {
    const why = NAMES[claim] ?? `known are ${Object.keys(kind.claims).join(', ')}`;
    return [`${claim} cannot be asked about: ${why}`];
  }
  const texts = oneOf.filter((value) => typeof value === 'string');
  if (texts.length < oneOf.length) return [`${claim} is a text: put it in quotes`];
  return texts.flatMap((value) => faultOfText(form, claim, value) ?? []);
}

function faultOfText(form: ClaimForm, claim: string, value: string): string | null {
  if (form === 'ref') return isRef(value) ? null : refFault(claim, value);
  if (form === 'workflow') {
    const at = value.lastIndexOf('@');
    const [file, ref] = [value.slice(0, at), value.slice(at + 1)];
    if (at < 1 || !WORKFLOW_FILE.test(file)) {
      return `${claim} is a file, "@" and a ref, like acme/ci/.github/workflows/deploy.yml@refs/heads/main`;
    }
    return isRef(ref) ? null : refFault(claim, ref);
  }
  if (value.includes('*')) return `${claim} takes no "*"`;
  if (/_id$/.test(claim) && claim !== 'environment_node_id' && !ID.test(value)) {
    return `${claim} is a number, like "7182931", not a name`;
  }
  return null;
}

function isRef(text: string): boolean {
  return REF.test(text) || ANY_REF.test(text);
}

function refFault(claim: string, value: string): string {
  return `${claim} is a full ref such as refs/heads/main, or begins with refs/heads/ or refs/tags/ and ends with its only "*", not "${value.slice(0, 80)}"`;
}

const reusable = 'names can be given up and taken by others; name its id';

/** What people write first, and why not. */
const NAMES: Readonly<Record<string, string>> = {
  sub: 'it is a text made of names; name the claims that it is made of',
  repository: reusable,
  repository_owner: reusable,
  project_path: reusable,
  namespace_path: reusable,
  actor: reusable,
  user_login: reusable,
  user_email: reusable,
};
