import { z } from 'zod';
import { dnsLabel, uuid } from '../../kernel/text.js';
import { metricLimits } from './metric-limits.js';

const time = z.iso.datetime({ offset: true }).optional();

const window = {
  from: time.meta({
    description: 'Without: 15 minutes before `to`; of a deployment its beginning.',
  }),
  to: time.meta({ description: 'Without: now; of a deployment that is over its end.' }),
  stepMs: z
    .string()
    .regex(/^\d{1,8}$/, 'must be a whole number of milliseconds')
    .transform(Number)
    .pipe(z.number().min(metricLimits.stepMs).max(metricLimits.windowMs))
    .optional()
    .meta({
      type: 'integer',
      minimum: metricLimits.stepMs,
      maximum: metricLimits.windowMs,
      description: `Made longer where there would be more than ${metricLimits.points} points.`,
    }),
  by: z
    .enum(['node', 'release'])
    .optional()
    .meta({
      description: `\`node\`: a series for each release on each node, as long as that is no more than ${metricLimits.series}; \`release\`: summed over nodes.`,
    }),
};

export const deploymentMetricsQuery = z.strictObject(window);
export type DeploymentMetricsQuery = z.output<typeof deploymentMetricsQuery>;
export const clusterMetricsQuery = z.strictObject({ ...window, module: dnsLabel.optional() });
export type ClusterMetricsQuery = z.output<typeof clusterMetricsQuery>;
export const metricsParams = z.strictObject({ id: uuid });

const figures = z
  .array(z.number().nullable())
  .meta({ description: 'One for each step; null: nobody knows, which is not zero.' });

export const metricSeries = z
  .strictObject({
    moduleId: uuid,
    module: z.string(),
    releaseId: uuid,
    version: z.string(),
    nodeId: uuid.nullable(),
    node: z.string().nullable().meta({ description: 'Null: summed over nodes.' }),
    nodes: z.int(),
    requests: z.number().meta({ description: 'In all of the time.' }),
    reporting: z.array(z.int()).meta({ description: 'How many nodes each figure is of.' }),
    requestsPerSecond: figures,
    errorPercent: figures,
    p50Ms: figures,
    p95Ms: figures,
    p99Ms: figures,
    cpuCores: figures,
    memoryMiB: figures,
  })
  .meta({ id: 'MetricSeries' });
export type MetricSeries = z.output<typeof metricSeries>;

const metrics = z.strictObject({
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  stepMs: z.int(),
  points: z.int(),
  by: z.enum(['node', 'release']),
  series: z.array(metricSeries),
  leftOut: z
    .int()
    .meta({ description: 'Series that there would be more, of the fewest requests.' }),
});

export const clusterMetrics = metrics.meta({ id: 'ClusterMetrics' });
export type Metrics = z.output<typeof metrics>;

const judged = z.strictObject({
  value: figures,
  baseline: figures,
  limit: figures.meta({ description: 'The largest value that is still within it.' }),
});

export const gateChart = z
  .strictObject({
    step: z.string(),
    wave: z.int().nullable(),
    kind: z.string(),
    nodes: z.array(z.string()),
    verdict: z.enum(['waiting', 'stable', 'unstable', 'inconclusive']),
    decidedAt: z.iso.datetime().nullable(),
    polls: z.int(),
    unit: z
      .enum(['percent'])
      .nullable()
      .meta({ description: '`percent`: CPU and memory are shares of the fullest node.' }),
    at: z.array(z.iso.datetime()).meta({
      description: 'When it was polled; empty where there are too many polls to show, or none.',
    }),
    errorPercent: judged,
    latencyMs: judged,
    cpu: judged,
    memory: judged,
  })
  .meta({ id: 'GateChart' });
export type GateChart = z.output<typeof gateChart>;

export const deploymentMetrics = metrics
  .extend({ gates: z.array(gateChart).meta({ description: 'Oldest first.' }) })
  .meta({ id: 'DeploymentMetrics' });
export type DeploymentMetricsView = z.output<typeof deploymentMetrics>;
