import { Injectable } from '@nestjs/common';
import type { RunningPair } from '../../../drivers/targets/target.js';
import { Targets } from '../../../drivers/targets/targets.js';
import { nodesOfCluster, type NodeFact } from '../../../fleet/fleet.queries.js';
import { Permission } from '../../../kernel/permission.js';
import type { OpenContext } from '../../../platform/context.js';
import {
  configurationById,
  releaseById,
  type ConfigurationFacts,
  type ReleaseFacts,
} from '../../../releases/releases.queries.js';
import { newerThere } from '../decisions/downgrade.queries.js';
import type { DeploymentSpec } from '../../planning/deployment-spec.js';
import { lastForwardPlan } from '../../reads/plans.queries.js';
import { nodeChanges, runningGroups, type RunningGroup } from './running-now.js';
import type { ApprovalSubject } from './subject.dto.js';
import { configurationNumbers, type SubjectRow } from './subject.views.js';
import { valueDiff } from './value-diff.js';

/** A release and a configuration: together they are what a node runs. */
interface Pair {
  readonly release: ReleaseFacts;
  readonly configuration: ConfigurationFacts | null;
}

interface Present {
  readonly nodes: readonly NodeFact[];
  readonly running: readonly RunningPair[];
  readonly groups: readonly RunningGroup[];
}

type Differences = Pick<
  ApprovalSubject,
  'running' | 'differences' | 'nodes' | 'configuration' | 'isDowngrade'
>;

/** As many as are moved in one wave. */
const NODES_SHOWN = 500;
/** What a cluster runs side by side: two while it moves, a few after accidents. */
const GROUPS_SHOWN = 10;

/** What would run, against what runs now. */
@Injectable()
export class PresentReleases {
  constructor(private readonly targets: Targets) {}

  async differences(
    open: OpenContext,
    row: SubjectRow,
    spec: DeploymentSpec,
  ): Promise<Differences> {
    const present = await this.presentOf(open, spec);
    const coming = await pairOf(open, spec.release.id, spec.configuration?.id ?? null);
    const [most] = present.groups;
    const before = most ? await pairOf(open, most.releaseId, most.configurationId) : null;
    const { module, environment } = spec;
    const target = { module: module.name, environment: environment.name };
    const areValuesShown = open.can(Permission.ConfigurationsRead, target);
    return {
      running: await runningViews(open, present),
      isDowngrade: (await newerThere(open, row.id, spec)) !== undefined,
      configuration: configurationOf(row, coming.configuration),
      differences: {
        manifest: valueDiff(before?.release.manifest, coming.release.manifest),
        configuration: areValuesShown
          ? valueDiff(before && valuesOf(before), valuesOf(coming))
          : null,
      },
      nodes: await changesOf(open, row, spec, present),
    };
  }

  private async presentOf(
    open: OpenContext,
    { cluster, module }: DeploymentSpec,
  ): Promise<Present> {
    const nodes = await nodesOfCluster(open, cluster.id);
    const running = await this.targets.get(cluster.targetKind).running(open, cluster.id, module.id);
    return { nodes, running, groups: runningGroups(nodes, running) };
  }
}

async function pairOf(
  open: OpenContext,
  releaseId: string,
  configurationId: string | null,
): Promise<Pair> {
  const release = await releaseById(open, releaseId);
  const configuration =
    configurationId === null ? null : await configurationById(open, configurationId);
  return { release, configuration };
}

/** What the process gets: the manifest's own, and over it what is configured there. */
function valuesOf({ release, configuration }: Pair): Readonly<Record<string, string>> {
  return { ...release.manifest.configuration, ...configuration?.body };
}

function configurationOf(
  { configuredBy, configuredAt }: SubjectRow,
  configuration: ConfigurationFacts | null,
): ApprovalSubject['configuration'] {
  if (!configuration || configuredBy === null || configuredAt === null) return null;
  const { number, configurationDigest } = configuration;
  return {
    number,
    configurationDigest,
    createdBy: configuredBy,
    createdAt: configuredAt.toISOString(),
  };
}

async function runningViews(
  open: OpenContext,
  { groups, running }: Present,
): Promise<ApprovalSubject['running']> {
  const ids = groups.flatMap(({ configurationId }) => configurationId ?? []);
  const numbers =
    ids.length > 0 ? await configurationNumbers(open, ids) : new Map<string, number>();
  const shown = new Map(running.map((pair) => [pair.releaseId, pair]));
  return groups.slice(0, GROUPS_SHOWN).map(({ releaseId, configurationId, nodes, down }, at) => ({
    version: shown.get(releaseId)?.version ?? '',
    releaseDigest: shown.get(releaseId)?.releaseDigest ?? '',
    configurationNumber: configurationId === null ? null : (numbers.get(configurationId) ?? null),
    nodes: nodes.length,
    down: down.length,
    isCompared: at === 0,
  }));
}

async function changesOf(
  open: OpenContext,
  { id }: SubjectRow,
  { release, configuration }: DeploymentSpec,
  { nodes, running }: Present,
): Promise<ApprovalSubject['nodes']> {
  const plan = await lastForwardPlan(open, id);
  const coming = {
    releaseId: release.id,
    version: release.version,
    configurationId: configuration?.id ?? null,
  };
  const items = nodeChanges(nodes, running, plan, coming);
  return { items: items.slice(0, NODES_SHOWN), more: Math.max(0, items.length - NODES_SHOWN) };
}
