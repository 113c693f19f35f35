import { Injectable } from '@nestjs/common';
import type { Counter, Histogram } from 'prom-client';
import type { RunStatus } from '../engine/run.js';
import { labelCap, TENANT_LABELS } from '../platform/metrics/label-cap.js';
import { Metrics } from '../platform/metrics/metrics.js';
import type { DeploymentSpec } from './planning/deployment-spec.js';

const LABELS = ['environment', 'strategy', 'tenant'] as const;
type Label = (typeof LABELS)[number];

/**
 * The business metrics of deployments: incremented in process, after commit. A count lost with a
 * killed process is the price of not asking the database at every scrape.
 */
@Injectable()
export class DeploymentMetrics {
  private readonly tenantLabel = labelCap(TENANT_LABELS);
  private readonly environmentLabel = labelCap(TENANT_LABELS);
  private readonly started: Counter<Label>;
  private readonly completed: Counter<Label>;
  private readonly failed: Counter<Label>;
  private readonly rolledBack: Counter<Label>;
  private readonly rollbacksFailed: Counter<Label>;
  private readonly duration: Histogram<Label>;
  private readonly modulesDeployed: Counter<Label>;
  private readonly nodes: Counter<Label>;
  private readonly approvalsAsked: Counter<Label>;
  private readonly approvalsGranted: Counter<Label>;
  private readonly approvalsRejected: Counter<Label>;
  private readonly verdicts: Counter<Label | 'verdict'>;

  constructor(metrics: Metrics) {
    const counter = (name: string, help: string) =>
      metrics.counter<Label>({ name, help, labelNames: LABELS });
    this.started = counter('deployments_started_total', 'Deployments accepted');
    this.completed = counter('deployments_completed_total', 'Deployments that succeeded');
    this.failed = counter(
      'deployments_failed_total',
      'Deployments that failed, or whose rollback failed',
    );
    this.rolledBack = counter('deployments_rolled_back_total', 'Deployments that were rolled back');
    this.rollbacksFailed = counter(
      'rollbacks_failed_total',
      'Deployments that could not be rolled back: a person has to look',
    );
    this.modulesDeployed = counter(
      'modules_deployed_total',
      'Releases that became what a cluster runs',
    );
    this.nodes = counter('nodes_updated_total', 'Nodes that ran what a wave told them to, healthy');
    this.approvalsAsked = counter('approval_requests_total', 'Approvals asked for');
    this.approvalsGranted = counter('approvals_granted_total', 'Approvals granted');
    this.approvalsRejected = counter(
      'approvals_rejected_total',
      'Approvals rejected: by people, because time ran out, or for a newer deployment',
    );
    this.duration = metrics.histogram<Label>({
      name: 'deployment_duration_seconds',
      help: 'From acceptance to the end of a deployment',
      labelNames: LABELS,
      buckets: [5, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400],
    });
    this.verdicts = metrics.counter<Label | 'verdict'>({
      name: 'gate_verdicts_total',
      help: 'Verdicts of gates',
      labelNames: [...LABELS, 'verdict'],
    });
  }

  accepted(tenantId: string, spec: DeploymentSpec): void {
    this.started.inc(this.labels(tenantId, spec));
  }

  approvalRequested(tenantId: string, spec: DeploymentSpec): void {
    this.approvalsAsked.inc(this.labels(tenantId, spec));
  }

  approvalGranted(tenantId: string, spec: DeploymentSpec): void {
    this.approvalsGranted.inc(this.labels(tenantId, spec));
  }

  approvalRejected(tenantId: string, spec: DeploymentSpec): void {
    this.approvalsRejected.inc(this.labels(tenantId, spec));
  }

  nodesUpdated(tenantId: string, spec: DeploymentSpec, count: number): void {
    this.nodes.inc(this.labels(tenantId, spec), count);
  }

  gateVerdict(tenantId: string, spec: DeploymentSpec, verdict: string): void {
    this.verdicts.inc({ ...this.labels(tenantId, spec), verdict });
  }

  finished(tenantId: string, spec: DeploymentSpec, status: RunStatus, seconds: number): void {
    const labels = this.labels(tenantId, spec);
    this.duration.observe(labels, seconds);
    if (status === 'Succeeded') {
      this.completed.inc(labels);
      this.modulesDeployed.inc(labels);
    }
    if (status === 'Failed' || status === 'RollbackFailed') this.failed.inc(labels);
    if (status === 'RollbackFailed') this.rollbacksFailed.inc(labels);
    if (status === 'RolledBack') this.rolledBack.inc(labels);
  }

  private labels(tenantId: string, spec: DeploymentSpec): Record<Label, string> {
    return {
      environment: this.environmentLabel(spec.environment.name),
      strategy: spec.strategy.kind,
      tenant: this.tenantLabel(tenantId),
    };
  }
}
