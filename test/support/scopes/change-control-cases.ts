/** Who decides, what stands beside a quorum, and what keeps rollouts from starting. */
import { newId } from '../../../src/kernel/ids.js';
import { usedBreakGlass } from '../used-break-glass.js';
import {
  app,
  approval,
  byEnvironment,
  byModule,
  decider,
  deciding,
  decision,
  deployments,
  freeze,
  freezes,
  holds,
  inside,
  lists,
  missing,
  notFound,
  ofWholeTenant,
  outside,
  tenant,
  there,
} from './rig.js';

const subjectDigest = `sha256:${'0'.repeat(64)}`;
const gatePath = `/external-gates/${newId()}`;
const gateRules = { name: 'gate', url: 'https://example.com/gate', deadlineMinutes: 5 };

export const changeControlCases: Readonly<Record<string, () => Promise<void>>> = {
  'BreakGlassController.use': deciding('break-glass', { reason: 'a test', subjectDigest }),
  'BreakGlassController.review': missing(
    (isInside) => ({
      by: () => decider,
      path: `/approvals/deployments/${isInside ? inside : outside}/review`,
      method: 'POST',
      body: { verdict: 'justified', comment: 'a test' },
    }),
    { permission: 'approvals:decide', module: 'billing', environment: 'Staging' },
  ),
  'BreakGlassController.list': async () => {
    for (const deploymentId of deployments()) {
      await usedBreakGlass(app, { tenantId: tenant.id, deploymentId });
    }
    await lists(
      { by: byModule, path: '/break-glass' },
      ({ items }) => items.map(({ deploymentId }) => deploymentId),
      () => [inside],
    )();
  },
  'PasskeyDecisionsController.challenge': deciding('challenge', {
    decision: 'approve',
    subjectDigest,
  }),
  'PasskeyDecisionsController.evidence': deciding('evidence'),
  'ExternalGatesController.list': ofWholeTenant({ path: '/external-gates' }),
  'ExternalGatesController.get': ofWholeTenant({ path: gatePath }),
  'ExternalGatesController.create': ofWholeTenant({
    path: '/external-gates',
    method: 'POST',
    body: gateRules,
  }),
  'ExternalGatesController.replace': ofWholeTenant({
    path: gatePath,
    method: 'PUT',
    body: gateRules,
    headers: { 'if-match': '"1"' },
  }),
  'ExternalGatesController.rotateSecret': ofWholeTenant({
    path: `${gatePath}/rotate-secret`,
    method: 'POST',
  }),
  'ExternalGatesController.remove': ofWholeTenant({ path: gatePath, method: 'DELETE' }),
  'ApprovalReadsController.list': async () => {
    for (const change of [{}, there]) {
      const order = { ...change, requireApproval: true, reason: 'a test' };
      const id = await tenant.deploy(order);
      await app.pass(tenant.id, id, 'preflight');
      await app.act(tenant.id, id);
    }
    await lists(
      { by: byModule, path: '/approvals/pending' },
      ({ items }) => items.map(({ moduleName }) => moduleName),
      () => ['orders'],
    )();
  },
  'ApprovalReadsController.history': approval(''),
  'ApprovalReadsController.subject': approval('/subject'),
  'DecisionsController.approve': decision('approve', {
    subjectDigest: `sha256:${'0'.repeat(64)}`,
  }),
  'DecisionsController.reject': decision('reject', { reason: 'a test' }),
  'DecisionsController.comment': decision('comment', { comment: 'a test' }),
  'DecisionsController.withdraw': decision('withdraw', {}),
  'FreezesController.list': lists(
    { by: byEnvironment, path: '/freezes' },
    ({ items }) => items.flatMap(({ environments }) => environments),
    () => ['QA'],
  ),
  'FreezesController.calendar': lists(
    { by: byEnvironment, path: '/freezes/calendar' },
    ({ items }) => items.flatMap(({ environments }) => environments),
    () => ['QA'],
  ),
  'FreezesController.get': notFound(
    ({ id }) => ({ by: byEnvironment, path: `/freezes/${id}` }),
    () => [freezes.inside, freezes.outside],
  ),
  'FreezesController.create': missing(
    (isInside) => ({
      by: byEnvironment,
      path: '/freezes',
      method: 'POST',
      body: freeze(isInside ? 'QA' : 'Staging'),
    }),
    { permission: 'freezes:manage', environment: 'Staging' },
  ),
  'FreezesController.replace': notFound(
    ({ id }) => ({
      by: byEnvironment,
      path: `/freezes/${id}`,
      method: 'PUT',
      body: freeze('QA'),
      headers: { 'if-match': '"9"' },
    }),
    () => [freezes.inside, freezes.outside],
  ),
  'FreezesController.remove': notFound(
    ({ id }) => ({ by: byEnvironment, path: `/freezes/${id}`, method: 'DELETE' }),
    () => [freezes.inside, freezes.outside],
  ),
  'FreezeOverridesController.override': notFound(
    ({ id }) => ({
      by: byModule,
      path: `/deployments/${id}/override-freeze`,
      method: 'POST',
      body: { reason: 'a test' },
    }),
    deployments,
  ),
  'HoldsController.list': lists(
    { by: byModule, path: '/holds' },
    ({ items }) => items.map(({ module }) => module),
    () => ['orders'],
  ),
  'HoldsController.release': notFound(
    ({ id }) => ({
      by: byModule,
      path: `/holds/${id}`,
      method: 'DELETE',
      body: { reason: 'a test' },
    }),
    () => [holds.inside, holds.outside],
  ),
};
