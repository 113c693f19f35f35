import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { idOf, VerbsRig } from '../support/verbs-rig.js';

jest.setTimeout(90_000);

interface ShownModule {
  readonly name: string;
  readonly reason: { readonly code: string } | null;
}

describe('going back and trying again', () => {
  let rig: VerbsRig;

  beforeAll(async () => {
    rig = await VerbsRig.start(2);
  });

  afterAll(() => rig?.stop());

  /** Says "failed" for one version, as long as it is wanted there. */
  function failing(version: string): void {
    for (const node of rig.nodes) {
      node.script = ({ releases }) =>
        releases.some((release) => release.version === version)
          ? { state: 'failed', running: [], reason: { code: 'crashed', message: 'exit 1' } }
          : {};
    }
  }

  function healing(): void {
    for (const node of rig.nodes) node.script = () => ({});
  }

  it('rolls back to what succeeded before, once, however often it is asked', async () => {
    const module = await rig.module('1.0.0', '2.0.0');
    const first = await rig.deploy(module, '1.0.0');
    expect(await rig.verb(first.id, 'rollback')).toMatchObject({
      status: 409,
      body: { code: 'no-rollback-target' },
    });
    const second = await rig.deploy(module, '2.0.0');
    const reason = { reason: 'orders are rejected' };
    const [one, other] = await Promise.all([
      rig.verb(second.id, 'rollback', reason),
      rig.verb(second.id, 'rollback', reason),
    ]);
    expect(idOf(one)).toBe(idOf(other));
    expect(one.headers.get('location')).toBe(`/api/v1/deployments/${idOf(one)}`);
    const end = await rig.ended(idOf(one));
    expect(end).toMatchObject({ status: 'Succeeded', version: '1.0.0', kind: 'rollback' });
    expect(end).toMatchObject({ originId: second.id, strategy: { kind: 'direct' } });
    expect(rig.nodes.map((node) => node.versions(module))).toEqual([['1.0.0'], ['1.0.0']]);
    const [created] = await rig.journal(end.id);
    expect(created).toMatchObject({
      actor: 'admin',
      data: { kind: 'rollback', originId: second.id, ...reason },
    });

    // What was rolled back is not in force any more.
    expect(await rig.verb(second.id, 'rollback')).toMatchObject({
      status: 409,
      body: { code: 'newer-deployment-there', details: { newerId: end.id } },
    });
    const forward = idOf(await rig.verb(end.id, 'rollback', { to: second.id }));
    expect(await rig.ended(forward)).toMatchObject({ status: 'Succeeded', version: '2.0.0' });
  });

  it('answers who wants something else back with what is under way, not as if it came', async () => {
    const module = await rig.module('1.0.0', '2.0.0', '3.0.0');
    const first = await rig.deploy(module, '1.0.0');
    const second = await rig.deploy(module, '2.0.0');
    const third = await rig.deploy(module, '3.0.0');
    // Holds the slot, so that the rollback stays under way for as long as this takes.
    const active = await rig.watched(module, '1.0.0');
    const wanted = { to: first.id };
    const back = idOf(await rig.verb(third.id, 'rollback', wanted));
    expect(idOf(await rig.verb(third.id, 'rollback', wanted))).toBe(back);
    const others = await Promise.all([
      rig.verb(third.id, 'rollback', { to: second.id }),
      rig.verb(third.id, 'rollback'),
    ]);
    for (const { status, body } of others) {
      expect({ status, ...body }).toMatchObject({
        status: 409,
        code: 'rollback-under-way',
        detail: expect.stringMatching(
          `Deployment ${back} is already bringing back version 1.0.0 .*cancel`,
        ),
        details: { activeId: back, to: first.id },
      });
    }

    expect((await rig.verb(back, 'cancel')).status).toBe(202);
    await rig.ended(back);
    const plain = idOf(await rig.verb(third.id, 'rollback'));
    // Other words for the same.
    expect(idOf(await rig.verb(third.id, 'rollback', { to: second.id }))).toBe(plain);
    expect((await rig.verb(active, 'cancel')).status).toBe(202);
    expect(await rig.ended(plain)).toMatchObject({ status: 'Succeeded', version: '2.0.0' });
  });

  it('rolls back only to what succeeded on that cluster', async () => {
    const module = await rig.module('1.0.0', '2.0.0');
    const elsewhere = await rig.deploy(await rig.module('1.0.0'), '1.0.0');
    await rig.deploy(module, '1.0.0');
    const latest = await rig.deploy(module, '2.0.0');
    const answers = await Promise.all([
      rig.verb(latest.id, 'rollback', { to: elsewhere.id }),
      rig.verb(latest.id, 'retry'),
      rig.verb('0199a3c2-7d1e-7c4a-9d55-0f6f3b1c2a10', 'rollback'),
      rig.verb(latest.id, 'rollback', { to: 'yesterday' }),
    ]);
    expect(answers.map(({ body }) => body.code as string)).toEqual([
      'no-rollback-target',
      'state-not-suitable',
      'deployment-not-found',
      'validation-failed',
    ]);
    await rig.sql(
      `update deployments set finished_at = finished_at - interval '91 days' where id <> $1`,
      [latest.id],
    );
    expect(await rig.verb(latest.id, 'rollback')).toMatchObject({
      status: 409,
      body: { code: 'no-rollback-target', details: { days: 90 } },
    });
  });

  it('answers a key with the stored answer, also when the rollback is over', async () => {
    const module = await rig.module('1.0.0', '2.0.0');
    await rig.deploy(module, '1.0.0');
    const { id } = await rig.deploy(module, '2.0.0');
    const key = { 'idempotency-key': 'alarm-1' };
    const before = await rig.verb(id, 'rollback', {}, key);
    await rig.ended(idOf(before));
    expect((await rig.verb(id, 'rollback', {}, key)).body).toEqual(before.body);
    expect(await rig.verb(id, 'rollback', { reason: 'other' }, key)).toMatchObject({
      status: 422,
      body: { code: 'idempotency-key-reused' },
    });
  });

  it('takes a release back by itself once, and then asks a person', async () => {
    const module = await rig.module('1.0.0', '2.0.0');
    await rig.deploy(module, '1.0.0');
    failing('2.0.0');
    const bad = await rig.deploy(module, '2.0.0');
    expect(bad).toMatchObject({ status: 'RolledBack' });
    const direct = { strategy: { kind: 'direct' } };
    expect(await rig.post(module, '2.0.0', direct)).toMatchObject({
      status: 409,
      body: { code: 'release-rolled-back-here', details: { deploymentId: bad.id } },
    });
    const plan = { moduleName: module, version: '2.0.0', targetEnvironment: 'QA' };
    expect(await rig.client.post('/deployments/plan', plan)).toMatchObject({
      status: 409,
      body: { code: 'release-rolled-back-here' },
    });
    expect(await rig.deploy(module, '2.0.0', { ...direct, allowRolledBack: true })).toMatchObject({
      status: 'RolledBack',
    });

    healing();
    const again = await rig.ended(idOf(await rig.verb(bad.id, 'retry', { reason: 'disk freed' })));
    expect(again).toMatchObject({ status: 'Succeeded', kind: 'retry', originId: bad.id });
    expect(again).toMatchObject({ version: '2.0.0', strategy: { kind: 'direct' } });
    // It has succeeded there since: an ordinary release again.
    expect(await rig.deploy(module, '2.0.0')).toMatchObject({ status: 'Succeeded' });
  });

  it('does not hold against a release what it was not to blame for', async () => {
    const module = await rig.module('1.0.0', '2.0.0');
    await rig.deploy(module, '1.0.0');
    for (const node of rig.nodes) {
      node.script = ({ releases, name }) =>
        name === module && releases.some(({ version }) => version === '2.0.0')
          ? { state: 'failed', reason: { code: 'port-in-use', message: 'port 8080 is taken' } }
          : {};
    }
    const blameless = await rig.deploy(module, '2.0.0');
    expect(blameless).toMatchObject({ status: 'RolledBack' });
    expect(blameless.reason).toMatch(/port 8080 is taken/);
    healing();
    expect(await rig.deploy(module, '2.0.0')).toMatchObject({ status: 'Succeeded' });
  });

  it('refuses to begin without a way back, unless it is allowed to', async () => {
    const module = await rig.module('1.0.0', '2.0.0', '3.0.0');
    await rig.deploy(module, '1.0.0');
    await rig.sql(
      `with key as (
         insert into signing_keys (tenant_id, id, name, public_key, created_by, revoked_at)
         select tenant_id, gen_random_uuid(), 'stolen', 'x', 'test', now() from modules
         where name = $1 returning tenant_id, id)
       update releases r set key_id = key.id, signature = 'x' from key, modules m
       where m.name = $1 and r.module_id = m.id and r.version = '1.0.0'`,
      [module],
    );
    const refused = await rig.deploy(module, '2.0.0');
    expect(refused.status).toBe('Failed');
    expect(refused.reason).toMatch(/release 1\.0\.0: .*revoked.*allowNoRollback/);
    expect(await rig.deploy(module, '2.0.0', { allowNoRollback: true })).toMatchObject({
      status: 'Succeeded',
    });
    const plain = { moduleName: module, version: '3.0.0', targetEnvironment: 'QA' };
    const plans = await Promise.all([
      rig.client.post('/deployments/plan', plain),
      rig.client.post('/deployments/plan', { ...plain, allowNoRollback: true }),
    ]);
    // Whoever approves one has not approved the other.
    expect(plans[0].body.subjectDigest).not.toBe(plans[1].body.subjectDigest);
  });

  it('begins without a way back to what crash-loops everywhere, and notes that there is none', async () => {
    const module = await rig.module('1.0.0', '2.0.0', '3.0.0');
    await rig.deploy(module, '1.0.0');
    const loses = (version: string) =>
      rig.sql(
        `update artifacts a set state = 'deleting' from releases r, modules m
         where m.name = $1 and r.module_id = m.id and r.version = $2
           and a.tenant_id = r.tenant_id and a.artifact_digest = r.artifact_digest`,
        [module, version],
      );
    await loses('1.0.0');
    expect(await rig.deploy(module, '2.0.0')).toMatchObject({ status: 'Failed' });
    for (const node of rig.nodes) {
      node.script = ({ name, releases }) =>
        name === module && releases.some(({ version }) => version === '1.0.0')
          ? { state: 'failed', running: [], reason: { code: 'crash-loop', message: 'exit 7' } }
          : {};
    }
    await rig.client.until(
      '/nodes?limit=200',
      ({ items }: { items: { modules: ShownModule[] }[] }) =>
        items
          .flatMap(({ modules }) => modules.filter(({ name }) => name === module))
          .every(({ reason }) => reason?.code === 'crash-loop'),
    );
    const mend = await rig.deploy(module, '2.0.0');
    expect(mend).toMatchObject({ status: 'Succeeded' });
    const checked = (await rig.journal(mend.id)).find(
      ({ kind, step }) => kind === 'step-succeeded' && step === 'recheck',
    );
    expect(checked?.data.noWayBack).toEqual([expect.stringMatching(/release 1\.0\.0: /)]);
  });

  it('counts a rollback that failed, and lets a person go back again', async () => {
    const module = await rig.module('1.0.0', '2.0.0');
    await rig.deploy(module, '1.0.0');
    for (const node of rig.nodes) {
      node.script = ({ name, generation }) =>
        name === module && generation > 1 ? { state: 'failed', running: [] } : {};
    }
    const { id, status } = await rig.deploy(module, '2.0.0');
    expect(status).toBe('RollbackFailed');
    const metrics = await fetch(`${rig.tidegate.url}/metrics`).then((answer) => answer.text());
    expect(metrics).toMatch(/^tidegate_rollbacks_failed_total\{[^}]*\} 1$/m);
    const { body } = await rig.client.get(`/deployments/${id}/explain`);
    expect(body.verbs).toEqual(['rollback', 'retry']);
    healing();
    const back = await rig.ended(idOf(await rig.verb(id, 'rollback')));
    expect(back).toMatchObject({ status: 'Succeeded', version: '1.0.0' });
  });
});
