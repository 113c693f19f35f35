import { Controller, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { clusterNotFound } from '../../fleet/fleet.errors.js';
import { Permission } from '../../kernel/permission.js';
import type { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import { Route } from '../../platform/http/route.js';
import { deploymentNotFound } from '../deployment.errors.js';
import * as dto from './metrics.dto.js';
import { metricsWindowUnsuitable } from './metrics.errors.js';
import { clusterMetricsExample, deploymentMetricsExample } from './metrics.example.js';
import { MetricReads } from './metrics.service.js';

@ApiTags('metrics')
@Controller()
export class MetricsController {
  constructor(private readonly metrics: MetricReads) {}

  @Route('GET clusters/:id/metrics', {
    access: Permission.FleetRead,
    summary: 'Read what the nodes of a cluster do',
    description:
      'Requests, errors, latencies, CPU and memory by release and node, step by step, from what agents have reported in the last 24 hours. Beyond 50 series they are summed over nodes. A step without a report, or in which a counter fell for no reason, is null and never 0.',
    errors: [clusterNotFound, metricsWindowUnsuitable],
    answer: dto.clusterMetrics,
    example: { response: clusterMetricsExample },
  })
  ofCluster(
    @Ctx() ctx: Context,
    @Param({ schema: dto.metricsParams }) { id }: { readonly id: string },
    @Query({ schema: dto.clusterMetricsQuery }) query: dto.ClusterMetricsQuery,
  ) {
    return this.metrics.ofCluster(ctx, id, query);
  }

  @Route('GET deployments/:id/metrics', {
    access: Permission.DeploymentsRead,
    summary: 'Read what the nodes of a deployment do, and what its gates read',
    description:
      'As of a cluster, of the nodes that it moves: from five minutes before its start to one minute after its end. `gates` has each reading beside its baseline and its limit, for as long as samples are kept, and of verdicts always.',
    errors: [deploymentNotFound, metricsWindowUnsuitable],
    answer: dto.deploymentMetrics,
    example: { response: deploymentMetricsExample },
  })
  ofDeployment(
    @Ctx() ctx: Context,
    @Param({ schema: dto.metricsParams }) { id }: { readonly id: string },
    @Query({ schema: dto.deploymentMetricsQuery }) query: dto.DeploymentMetricsQuery,
  ) {
    return this.metrics.ofDeployment(ctx, id, query);
  }
}
