import { registry } from '../../kernel/registry.js';
import { agentMetricSource } from './agent/agent-metric-source.js';
import type { MetricSource } from './metric-source.js';

/** Where gates read their samples, by the kind of target that makes them. */
export const metricSources = registry<MetricSource>('metric source', [agentMetricSource]);
