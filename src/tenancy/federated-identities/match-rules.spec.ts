import { describe, expect, it } from '@jest/globals';
import { faultsOfRules } from './check-rules.js';
import { clause } from './federated-identities.dto.js';
import type { Clause } from './federated-identity.js';
import { explainRule, toldClaims, unmetOf } from './match-rules.js';

const ids: Clause[] = [
  { claim: 'repository_id', oneOf: ['7'] },
  { claim: 'repository_owner_id', oneOf: ['9'] },
];
const job = { repository_id: '7', repository_owner_id: '9', event_name: 'push' };

function unmet(clauses: Clause[], claims: Record<string, unknown>): string[] {
  return unmetOf(explainRule('github', { name: 'main', clauses: [...ids, ...clauses] }, claims));
}
const onRef = (ref: string, wanted: string) =>
  unmet([{ claim: 'ref', oneOf: [wanted] }], { ...job, ref }).length === 0;

describe('a clause', () => {
  it.each([
    ['refs/heads/main', 'refs/heads/main', true],
    ['refs/heads/main2', 'refs/heads/main', false],
    ['refs/heads/release/1', 'refs/heads/release/*', true],
    ['refs/heads/release/', 'refs/heads/release/*', false],
    ['refs/heads/Release/1', 'refs/heads/release/*', false],
    ['refs/tags/v1', 'refs/heads/*', false],
    ['refs/pull/7/merge', 'refs/heads/*', false],
    ['x/refs/heads/main', 'refs/heads/*', false],
  ])('takes the ref %s for %s: %s', (ref, wanted, is) => {
    expect(onRef(ref, wanted)).toBe(is);
  });

  const FILE = 'acme/ci/.github/workflows/deploy.yml';
  it.each([
    [`${FILE}@refs/tags/v3`, `${FILE}@refs/tags/v*`, true],
    [`${FILE}@refs/heads/v3`, `${FILE}@refs/tags/v*`, false],
    [`evil/ci/.github/workflows/deploy.yml@refs/tags/v3`, `${FILE}@refs/tags/v*`, false],
    // A branch whose name looks like the rest of the rule.
    [`${FILE}@refs/tags/v3@refs/heads/topic`, `${FILE}@refs/tags/v*`, false],
    [`${FILE}`, `${FILE}@refs/tags/v*`, false],
  ])('takes the workflow %s for %s: %s', (value, wanted, is) => {
    const clause = { claim: 'job_workflow_ref', oneOf: [wanted] };
    expect(unmet([clause], { ...job, job_workflow_ref: value }).length === 0).toBe(is);
    // Each of the two claims is its own.
    expect(unmet([clause], { ...job, workflow_ref: value })).toEqual(['job_workflow_ref']);
  });

  it('is not met by what the token does not have, a list, an object, or what it inherits', () => {
    const clause = { claim: 'environment', oneOf: ['production'] };
    for (const environment of [undefined, null, ['production'], { a: 'production' }, '']) {
      expect(unmet([clause], { ...job, environment })).toEqual(['environment']);
    }
    const inherited = Object.create({ environment: 'production' }) as Record<string, unknown>;
    expect(unmet([clause], Object.assign(inherited, job))).toEqual(['environment']);
  });

  it('compares texts, numbers and booleans as they are where the issuer is any', () => {
    const isMet = (wanted: string | number | boolean, value: unknown) =>
      explainRule(
        'generic',
        { name: 'main', clauses: [{ claim: 'build', oneOf: [wanted] }] },
        { build: value },
      ).isMet;
    expect([isMet(1, 1), isMet('1', '1'), isMet(true, true)]).toEqual([true, true, true]);
    expect([isMet(1, '1'), isMet('true', true), isMet('a*', 'ab')]).toEqual([false, false, false]);
  });

  it('of what outsiders can set off is held against every rule that does not name it', () => {
    for (const event_name of [
      'pull_request',
      'pull_request_target',
      'issue_comment',
      'workflow_run',
    ]) {
      expect(unmet([], { ...job, event_name })).toEqual(['event_name']);
      expect(unmet([{ claim: 'event_name', oneOf: [event_name] }], { ...job, event_name })).toEqual(
        [],
      );
    }
    expect(unmet([], { ...job, event_name: undefined })).toEqual(['event_name']);
  });
});

describe('rules', () => {
  const faults = (...clauses: Clause[]) =>
    faultsOfRules('github', [{ name: 'main', clauses }]).join('\n');
  const ref = { claim: 'ref', oneOf: ['refs/heads/main'] };

  it('are taken as they should be written', () => {
    expect(faults(...ids, ref)).toBe('');
    expect(faults(...ids, { claim: 'environment', oneOf: ['production'] })).toBe('');
    expect(faults(...ids, { claim: 'ref', oneOf: ['refs/heads/*', 'refs/tags/v*'] })).toBe('');
  });

  it.each([
    ['without a repository', [ids[1]!, ref], 'a clause about repository_id is missing'],
    ['without an owner', [ids[0]!, ref], 'a clause about repository_owner_id is missing'],
    ['for every branch', ids, 'a clause about one of ref, environment is missing'],
    [
      'about a subject',
      [...ids, ref, { claim: 'sub', oneOf: ['repo:a/b:*'] }],
      'sub cannot be asked',
    ],
    ['about a name', [...ids, ref, { claim: 'repository', oneOf: ['a/b'] }], 'name its id'],
    [
      'with a name for an id',
      [{ claim: 'repository_id', oneOf: ['acme/shop'] }, ids[1]!, ref],
      'is a number',
    ],
    [
      'with any owner',
      [ids[0]!, { claim: 'repository_owner_id', oneOf: ['*'] }, ref],
      'takes no "*"',
    ],
    ['with a star in a ref', [...ids, { claim: 'ref', oneOf: ['refs/*/main'] }], 'is a full ref'],
    ['with any ref', [...ids, { claim: 'ref', oneOf: ['*'] }], 'is a full ref'],
    ['with a bare branch', [...ids, { claim: 'ref', oneOf: ['main'] }], 'is a full ref'],
    ['about an audience', [...ids, ref, { claim: 'aud', oneOf: ['x'] }], 'aud is checked anyway'],
    ['about one claim twice', [...ids, ref, ref], 'two clauses are about ref'],
    [
      'with any workflow',
      [...ids, ref, { claim: 'job_workflow_ref', oneOf: ['a/*@refs/heads/main'] }],
      'is a file',
    ],
    ['with a number', [{ claim: 'repository_id', oneOf: [7] }, ids[1]!, ref], 'put it in quotes'],
    [
      'about what every object has',
      [...ids, ref, { claim: 'constructor', oneOf: ['x'] }],
      'cannot be asked',
    ],
  ])('are refused %s', (_what, clauses, fault) => {
    expect(faults(...clauses)).toContain(fault);
  });

  it('of GitLab tell branches and tags of one name apart', () => {
    const clauses = [
      { claim: 'project_id', oneOf: ['7'] },
      { claim: 'namespace_id', oneOf: ['9'] },
      { claim: 'ref', oneOf: ['main'] },
    ];
    expect(faultsOfRules('gitlab', [{ name: 'main', clauses }])).toEqual([
      'rule "main": ref says too little without ref_type',
    ]);
  });

  it('of any issuer need a clause that is not the token’s own business', () => {
    const clauses = [{ claim: 'iss', oneOf: ['https://x.example'] }];
    expect(faultsOfRules('generic', [{ name: 'main', clauses }])).toHaveLength(1);
  });
});

it('what is told of a token is short, harmless and only what identifies it', () => {
  const claims = { ...job, ref: `\u001b[2J${'x'.repeat(900)}`, secret: 's', sha: { a: 1 } };
  const told = toldClaims('github', [], claims);
  expect(Object.keys(told)).toEqual(['repository_id', 'repository_owner_id', 'ref', 'event_name']);
  expect(String(told['ref'])).toHaveLength(300);
  expect(String(told['ref'])).not.toContain('\u001b');
});

describe('a clause about what is within a claim', () => {
  const path = '/kubernetes.io/service~1account/name';
  const within = { 'service/account': { name: 'deployer' } };
  const isMet = (claims: Record<string, unknown>, claim = path) =>
    explainRule('generic', { name: 'main', clauses: [{ claim, oneOf: ['deployer'] }] }, claims)
      .isMet;

  it('follows objects by their names, and mistakes no name for a path', () => {
    expect(isMet({ 'kubernetes.io': within })).toBe(true);
    expect(isMet({ a: { '~/': 'deployer' } }, '/a/~0~1')).toBe(true);
    for (const claims of [
      { [path]: 'deployer' },
      { 'kubernetes.io/service/account/name': 'deployer' },
      { 'kubernetes.io.service/account.name': 'deployer' },
      { kubernetes: { io: within } },
      { 'kubernetes.io': [within] },
      { 'kubernetes.io': { 'service/account': { name: ['deployer'] } } },
      { 'kubernetes.io': { service: { account: { name: 'deployer' } } } },
      {},
    ]) {
      expect([claims, isMet(claims)]).toEqual([claims, false]);
    }
    // A name with dots is a name, whatever stands in a claim of its first part.
    expect(isMet({ 'a.b': 'deployer' }, 'a.b')).toBe(true);
    expect(isMet({ a: { b: 'deployer' } }, 'a.b')).toBe(false);
    expect(isMet({ a: 'deployer' }, '/a/toString')).toBe(false);
  });

  it('tells what it has found', () => {
    const rules = [{ name: 'main', clauses: [{ claim: path, oneOf: ['other'] }] }];
    const claims = { 'kubernetes.io': within };
    expect(toldClaims('generic', rules, claims)).toEqual({ [path]: 'deployer' });
  });

  it.each(['/sub', '/a/', '//a', '/a/~2', '/a/b/c/d/e', '/a/ b', '/'])(
    'is no path: %s',
    (claim) => {
      expect(clause.safeParse({ claim, oneOf: ['x'] }).success).toBe(false);
      expect(clause.safeParse({ claim: '/a/b/c/d', oneOf: ['x'] }).success).toBe(true);
    },
  );

  it('is for generic issuers: of the others all claims are known', () => {
    const clauses = [{ claim: '/enterprise/id', oneOf: ['1'] }];
    expect(faultsOfRules('github', [{ name: 'main', clauses }])).toContainEqual(
      expect.stringContaining('/enterprise/id cannot be asked about'),
    );
  });
});
