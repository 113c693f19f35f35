import { Injectable } from '@nestjs/common';
import { readCounterSamples } from '../../drivers/metric-sources/agent/counter-samples.queries.js';
import { movesOf } from '../../engine/plan.js';
import { clusterView } from '../../fleet/clusters/clusters.views.js';
import { clusterNotFound } from '../../fleet/fleet.errors.js';
import { Permission } from '../../kernel/permission.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import type { DeploymentSpec } from '../planning/deployment-spec.js';
import { deploymentRow } from '../reads/deployments.views.js';
import { plansOf } from '../reads/plans.queries.js';
import { presentTime } from '../schedule/schedule.queries.js';
import { gateCharts } from './gate-charts.js';
import { seriesOf } from './metric-series.js';
import { mustBeReadable, windowOf, type MetricWindow } from './metric-window.js';
import type {
  ClusterMetricsQuery,
  DeploymentMetricsQuery,
  DeploymentMetricsView,
  Metrics,
} from './metrics.dto.js';
import { namesOf, nodeModulesOf, type NodeModule } from './metrics.views.js';

/** What was before a rollout, and what came after it, belongs into its picture. */
const BEFORE_MS = 5 * 60_000;
const AFTER_MS = 60_000;

/** What nodes have reported, as lines of a chart. */
@Injectable()
export class MetricReads {
  constructor(private readonly database: Database) {}

  /** Throws `cluster-not-found`, `metrics-window-unsuitable`. */
  ofCluster(ctx: Context, id: string, { module, ...query }: ClusterMetricsQuery): Promise<Metrics> {
    return this.database.transaction(ctx, async (open) => {
      const cluster = await clusterView(open, id);
      if (!cluster || !open.can(Permission.FleetRead, { environment: cluster.environment })) {
        throw clusterNotFound('There is no cluster with this id. GET /api/v1/clusters lists them.');
      }
      const window = windowOf(query, { now: await presentTime(open) });
      return metricsOf(open, await nodeModulesOf(open, id, module ?? null), window, query.by);
    });
  }

  /** Throws `deployment-not-found`, `metrics-window-unsuitable`. */
  ofDeployment(
    ctx: Context,
    id: string,
    query: DeploymentMetricsQuery,
  ): Promise<DeploymentMetricsView> {
    return this.database.transaction(ctx, async (open) => {
      const { specText, createdAt, startedAt, finishedAt } = await deploymentRow(open, id);
      const now = await presentTime(open);
      const window = windowOf(query, {
        now,
        fromMs: (startedAt ?? createdAt).getTime() - BEFORE_MS,
        ...(finishedAt ? { toMs: finishedAt.getTime() + AFTER_MS } : {}),
      });
      const { module } = JSON.parse(specText) as DeploymentSpec;
      const plans = await plansOf(open, [id]);
      const moved = plans.flatMap(({ plan }) => plan.steps.flatMap(movesOf));
      const nodes = [...new Set(moved.map(({ nodeId }) => nodeId))];
      const pairs = nodes.map((nodeId) => ({ nodeId, moduleId: module.id }));
      const metrics = await metricsOf(open, pairs, window, query.by);
      return { ...metrics, gates: await gateCharts(open, id) };
    });
  }
}

/** Throws `metrics-window-unsuitable`. */
async function metricsOf(
  open: OpenContext,
  pairs: readonly NodeModule[],
  window: MetricWindow,
  by: 'node' | 'release' | undefined,
): Promise<Metrics> {
  mustBeReadable(window, pairs.length);
  const { fromMs, toMs, stepMs, points } = window;
  const modules = [...new Set(pairs.map(({ moduleId }) => moduleId))];
  const samples = await readCounterSamples(
    open.tx,
    modules.map((moduleId) => ({
      tenantId: open.tenantId,
      moduleId,
      nodeIds: pairs.filter((pair) => pair.moduleId === moduleId).map(({ nodeId }) => nodeId),
      fromMs,
      toMs,
      bucketMs: stepMs,
    })),
  );
  const found = seriesOf(samples, modules, { window, by });
  const names = await namesOf(open, {
    modules,
    nodes: found.series.flatMap(({ nodeId }) => nodeId ?? []),
    releases: found.series.map(({ releaseId }) => releaseId),
  });
  const nameOf = (id: string) => names.get(id) ?? id;
  return {
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    stepMs,
    points,
    by: found.by,
    series: found.series.map((each) => ({
      ...each,
      module: nameOf(each.moduleId),
      version: nameOf(each.releaseId),
      node: each.nodeId === null ? null : nameOf(each.nodeId),
    })),
    leftOut: found.leftOut,
  };
}
