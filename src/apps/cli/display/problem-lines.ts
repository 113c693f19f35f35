import { TidegateError, UnreachableError } from '#sdk';
import { CliError } from '../exit-codes.js';
import { printable } from './printable.js';

/** What to do next, by the code of the API's error. */
const NEXT: Readonly<Record<string, string>> = {
  unauthenticated: 'Sign in: tidegate login',
  'refresh-refused': 'The session has ended. Sign in again: tidegate login',
  'login-failed': 'Check the name, the password and --tenant.',
  'factor-required':
    'Give the code of your authenticator app: tidegate login --totp CODE (or --recovery-code CODE).',
  'factor-refused': 'Wait for the next code of the app: each counts once.',
  'step-up-required': 'Confirm that it is you: tidegate step-up',
  'own-sign-in-needed':
    'It is about your account: sign in with your password. tidegate login --username NAME',
  'provider-sign-in-needed': 'Sign in there: tidegate login --provider NAME --tenant TENANT',
  'mfa-enrollment-required': 'Enrol an authenticator app: tidegate mfa enrol-totp',
  'last-factor': 'Enrol another one first: tidegate mfa enrol-totp',
  'policy-shuts-you-out': 'Add your own network, or say --force.',
  'permission-missing':
    'See what you may do: tidegate whoami. An admin of the tenant can give more.',
  'access-key-too-wide': 'See what you may do: tidegate whoami',
  'access-key-limit': 'See which nobody uses: tidegate access-keys list',
  'access-key-not-found': 'See which there are: tidegate access-keys list',
  'directory-token-exists': 'See it: tidegate directory tokens list. Then rotate or revoke it.',
  'directory-token-not-found': 'See which there are: tidegate directory tokens list',
  'directory-user-not-found': 'See whom the directory knows: tidegate directory users list',
  'service-account-not-found': 'See which there are: tidegate service-accounts list',
  'module-not-found': 'Push a release first: tidegate release push --help',
  'release-not-found': 'Push it first: tidegate release push --help',
  'environment-not-found': 'See which there are: tidegate environments list',
  'cluster-not-found': 'See where nodes are: tidegate nodes list',
  'cluster-required': 'Name one with --cluster; tidegate nodes list shows them.',
  'no-serving-nodes': 'See the nodes: tidegate nodes list. Add one: tidegate nodes token --help',
  'signature-required': 'Push it signed: tidegate release push … --sign KEYFILE --key-id NAME',
  'signing-key-unknown': 'Register the public key: tidegate keys register --help',
  'override-not-permitted': 'See what the environment allows: tidegate environments list',
  'deployment-not-found': 'See the deployments: tidegate deployments list',
  'node-not-found': 'See the nodes: tidegate nodes list',
  'state-not-suitable': 'See its state and what may be asked for: tidegate explain ID',
  'nothing-to-promote': 'See what it waits for: tidegate explain ID',
  'gate-unstable': 'It is being rolled back. Watch it: tidegate deployments watch ID',
  'no-rollback-target': 'See what succeeded there: tidegate deployments list --status Succeeded',
  'newer-deployment-there': 'Roll that one back, or name what you want back with --to ID.',
  'rollback-under-way':
    'End it first: tidegate deployments cancel ID; or see it through: tidegate deployments watch ID',
  'release-rolled-back-here':
    'Try it again: tidegate deployments retry ID, or deploy it with --allow-rolled-back.',
  'deployment-in-progress': 'See it: tidegate deployments show ID. Try again when it is over.',
  'approval-subject-changed': 'Look at it again: tidegate approvals show ID',
  'approval-not-open': 'See what was decided: tidegate approvals history ID',
  'approval-needs-person': 'Sign in as yourself: tidegate login',
  'not-an-approver': 'See who may decide: tidegate approvals show ID',
  'approval-barred': 'See who else may decide: tidegate approvals show ID',
  'approval-reason-required': 'Say why: --comment WORDS',
  'approval-downgrade': 'If that is what you want: --downgrade',
  'approval-impossible': 'Invite somebody: tidegate users invite --help; or change the policy.',
  'nothing-to-withdraw': 'See what was said: tidegate approvals history ID',
  'idempotency-key-reused': 'Use another --idempotency-key for another request.',
  'federated-rules-unmet':
    'Compare with what was expected: tidegate federated test NAME --token-file FILE',
  'subject-token-refused': 'docs/ci.md says what each reason means and what to do.',
  'unexpected-answer': 'Check the address of the server.',
};

/** An error for people. The API's words are shown as they are; its code and id go with them. */
export function problemLines(error: unknown): string[] {
  if (error instanceof TidegateError) return refusalLines(error);
  if (error instanceof UnreachableError) {
    return [`tidegate: ${printable(error.message)}. Check the address and that the server runs.`];
  }
  if (error instanceof CliError) return [`tidegate: ${printable(error.message)}`];
  const message = error instanceof Error ? error.message : String(error);
  return [`tidegate: ${printable(message)}`];
}

function refusalLines({ message, code, id, details }: TidegateError): string[] {
  const next = NEXT[code];
  return [
    `tidegate: ${printable(message)}`,
    ...detailLines(details),
    `  code ${printable(code)}${id === null ? '' : `, id ${printable(id)}`}`,
    ...(next ? [`  ${next}`] : []),
  ];
}

const DETAILS_SHOWN = 10;

function detailLines(details: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(details)
    .filter(([, value]) => !Array.isArray(value) || value.length > 0)
    .flatMap(([name, value]) =>
      Array.isArray(value) ? listLines(name, value) : [`${name}: ${valueText(value)}`],
    )
    .map((line) => `  ${printable(line)}`);
}

function listLines(name: string, values: readonly unknown[]): string[] {
  if (values.every((value) => typeof value !== 'object')) return [`${name}: ${values.join(', ')}`];
  const more = values.length > DETAILS_SHOWN ? [`${values.length - DETAILS_SHOWN} more`] : [];
  return [...values.slice(0, DETAILS_SHOWN).map(valueText), ...more];
}

function valueText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.values(value)
    .map((part) => (typeof part === 'object' ? JSON.stringify(part) : String(part)))
    .join(': ');
}

export function problemJson(error: unknown, exitCode: number): object {
  if (error instanceof TidegateError) {
    const { message, code, status, id, details } = error;
    return { error: { code, message, status, id, details, exitCode } };
  }
  const code = error instanceof UnreachableError ? 'unreachable' : 'cli';
  const message = error instanceof Error ? error.message : String(error);
  return { error: { code, message, exitCode } };
}
