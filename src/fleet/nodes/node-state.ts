import { limits } from '../../kernel/limits.js';
import { isLostSql } from '../../drivers/targets/agent/node-health.js';

/** Cordoned wins: it is what a person decided. A node that has never reported is Lost. */
export const NODE_STATES = ['Healthy', 'Unhealthy', 'Lost', 'Cordoned'] as const;
export type NodeState = (typeof NODE_STATES)[number];

/** Expects nodes as `node` and, joined from the left, node_presence as `presence`. */
export const NODE_STATE_SQL = `case
  when node.admin_state = 'cordoned' then 'Cordoned'
  when ${isLostSql('presence')} then 'Lost'
  else presence.health end`;

/** Since when the node has been in its state. */
export const NODE_STATE_SINCE_SQL = `case
  when node.admin_state = 'cordoned' then node.admin_state_at
  when ${isLostSql('presence')} then coalesce(
    presence.last_report_at + interval '${limits.nodeLostMs} milliseconds', node.created_at)
  else presence.health_at end`;
