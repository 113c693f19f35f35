/** What can wait for a person, and what they can do about it: one entry for each kind, in the order of badges. */
import { Permission } from '../../kernel/permission.js';

/** What an item is about; verbs are asked of it. */
export type SubjectKind = 'deployment' | 'hold' | 'kill-switch' | 'node';

/** A way to unblock it. `<id>` is the id of the subject. */
export interface WayOut {
  readonly verb: string;
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly command: string;
  readonly permission: Permission;
  /** No access key, pipeline or directory. */
  readonly isForPeople?: true;
}

interface AttentionKind {
  readonly subject: SubjectKind;
  /** Whoever holds it there sees it. */
  readonly readBy: Permission;
  /** Where the row does not say it better. */
  readonly who: string;
  readonly verbs: readonly WayOut[];
}

const approve: WayOut = {
  verb: 'approve',
  method: 'POST',
  path: '/api/v1/approvals/deployments/<id>/approve',
  command: 'tidegate approvals approve <id>',
  permission: Permission.ApprovalsDecide,
  isForPeople: true,
};
const reject: WayOut = {
  ...approve,
  verb: 'reject',
  path: '/api/v1/approvals/deployments/<id>/reject',
  command: 'tidegate approvals reject <id> --reason <words>',
};
const review: WayOut = {
  ...approve,
  verb: 'review',
  path: '/api/v1/approvals/deployments/<id>/review',
  command: 'tidegate approvals review <id> --verdict <verdict> --comment <words>',
};
const resume: WayOut = {
  verb: 'resume',
  method: 'POST',
  path: '/api/v1/deployments/<id>/resume',
  command: 'tidegate deployments resume <id>',
  permission: Permission.DeploymentsResume,
};
const answerHook: WayOut = {
  ...resume,
  command: 'tidegate deployments resume <id> --outcome <done|retry> --reason <words>',
};
const cancel: WayOut = {
  verb: 'cancel',
  method: 'POST',
  path: '/api/v1/deployments/<id>/cancel',
  command: 'tidegate deployments cancel <id>',
  permission: Permission.DeploymentsCancel,
};
const rollback: WayOut = {
  verb: 'rollback',
  method: 'POST',
  path: '/api/v1/deployments/<id>/rollback',
  command: 'tidegate deployments rollback <id>',
  permission: Permission.DeploymentsRollback,
};
const retry: WayOut = {
  verb: 'retry',
  method: 'POST',
  path: '/api/v1/deployments/<id>/retry',
  command: 'tidegate deployments retry <id>',
  permission: Permission.DeploymentsRetry,
};
const overrideFreeze: WayOut = {
  verb: 'override-freeze',
  method: 'POST',
  path: '/api/v1/deployments/<id>/override-freeze',
  command: 'tidegate freezes override <id> --reason <words>',
  permission: Permission.FreezesOverride,
};
const switchOff: WayOut = {
  verb: 'kill-switch off',
  method: 'PUT',
  path: '/api/v1/kill-switch',
  command: 'tidegate kill-switch off --reason <words>',
  permission: Permission.KillSwitchManage,
};
const releaseHold: WayOut = {
  verb: 'release',
  method: 'DELETE',
  path: '/api/v1/holds/<id>',
  command: 'tidegate holds release <id> --reason <words>',
  permission: Permission.HoldsRelease,
  isForPeople: true,
};
const uncordon: WayOut = {
  verb: 'uncordon',
  method: 'POST',
  path: '/api/v1/nodes/<id>/uncordon',
  command: 'tidegate nodes uncordon <id>',
  permission: Permission.FleetManage,
};
const cordon: WayOut = {
  verb: 'cordon',
  method: 'POST',
  path: '/api/v1/nodes/<id>/cordon',
  command: 'tidegate nodes cordon <id>',
  permission: Permission.FleetManage,
};
const revoke: WayOut = {
  verb: 'revoke',
  method: 'DELETE',
  path: '/api/v1/nodes/<id>',
  command: 'tidegate nodes revoke <id>',
  permission: Permission.FleetManage,
};

const { ApprovalsRead, DeploymentsRead, FleetRead } = Permission;
const operators = 'someone who may operate deployments';
const ofDeployment = (verbs: readonly WayOut[], who = operators): AttentionKind => ({
  subject: 'deployment',
  readBy: DeploymentsRead,
  who,
  verbs,
});
const ofNode = (verbs: readonly WayOut[], who: string): AttentionKind => ({
  subject: 'node',
  readBy: FleetRead,
  who,
  verbs,
});

export const attentionKinds = {
  approval: {
    subject: 'deployment',
    readBy: ApprovalsRead,
    who: 'those whom its approval rules name',
    verbs: [approve, reject],
  },
  /** A gate that could not say whether it is good or bad. */
  gate: ofDeployment([resume, cancel]),
  /** A crash has cut off a hook that must not run twice. */
  hook: ofDeployment([answerHook, cancel]),
  /** A step has stopped for a person. */
  attention: ofDeployment([resume, cancel]),
  paused: ofDeployment([resume, cancel]),
  'rollback-failed': ofDeployment([rollback, retry]),
  freeze: ofDeployment([overrideFreeze, cancel], 'someone who may override freezes'),
  'kill-switch': {
    subject: 'kill-switch',
    readBy: DeploymentsRead,
    who: 'someone who may turn the kill switch',
    verbs: [switchOff],
  },
  hold: {
    subject: 'hold',
    readBy: DeploymentsRead,
    who: 'a person who may release holds',
    verbs: [releaseHold],
  },
  'break-glass': {
    subject: 'deployment',
    readBy: ApprovalsRead,
    who: 'another person who may decide approvals there',
    verbs: [review],
  },
  'node-lost': ofNode([cordon, revoke], 'whoever looks after the machine'),
  'node-unhealthy': ofNode([cordon], 'whoever looks after the machine'),
  /** What should have stopped there runs on. */
  'drain-overdue': ofNode([uncordon, revoke], 'whoever looks after the machine'),
  'node-suspect': ofNode([revoke], 'someone who may manage the fleet'),
} as const satisfies Readonly<Record<string, AttentionKind>>;

export type AttentionKindName = keyof typeof attentionKinds;
export const ATTENTION_KINDS = Object.keys(attentionKinds) as readonly AttentionKindName[];
