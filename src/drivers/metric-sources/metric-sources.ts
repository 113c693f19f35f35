import { registry } from '../../kernel/registry.js';
import { agentMetricSource } from './agent/agent-metric-source.js';
import type { MetricSource } from './metric-source.js';

/** Where metrics come from, by the kind of target. A new one is a folder here and a line below. */
export const metricSources = registry<MetricSource>('metric source', [agentMetricSource]);
