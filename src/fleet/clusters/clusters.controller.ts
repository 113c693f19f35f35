import { Body, Controller, Headers, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permission } from '../../kernel/permission.js';
import { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import {
  cursorInvalid,
  ifMatchRequired,
  versionMismatch,
} from '../../platform/http/http.errors.js';
import { etagOf, ifMatchVersion } from '../../platform/http/if-match.js';
import { pageOf } from '../../platform/http/page.js';
import { Route } from '../../platform/http/route.js';
import { quotaExceeded } from '../../kernel/quota.errors.js';
import {
  clusterExists,
  clusterLimit,
  clusterNotFound,
  environmentNotFound,
  unknownTarget,
} from '../fleet.errors.js';
import type { ClusterView } from './cluster.js';
import * as dto from './clusters.dto.js';
import { ClustersService } from './clusters.service.js';

const example = {
  id: '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f',
  name: 'eu-1',
  environment: 'Production',
  targetKind: 'agent',
  minAvailable: 2,
  maxInFlight: 5,
  trustedProxies: ['10.0.0.0/8'],
  nodes: 6,
  version: 1,
  createdAt: '2026-01-05T08:00:00.000Z',
};

const tagged = ({ version }: ClusterView) => ({ etag: etagOf(version) });

@ApiTags('clusters')
@Controller('clusters')
export class ClustersController {
  constructor(private readonly clusters: ClustersService) {}

  @Route('GET', {
    access: Permission.FleetRead,
    summary: 'List clusters',
    description: 'Newest first; of one environment when it is named.',
    errors: [cursorInvalid],
    answer: pageOf(dto.clusterOut),
    example: { response: { items: [example], nextCursor: null } },
  })
  list(@Ctx() ctx: Context, @Query({ schema: dto.clustersQuery }) query: dto.ClustersQuery) {
    return this.clusters.list(ctx, query);
  }

  @Route('GET :id', {
    access: Permission.FleetRead,
    summary: 'Read a cluster',
    description: 'The ETag is the version for If-Match.',
    errors: [clusterNotFound],
    answer: dto.clusterOut,
    answerHeaders: tagged,
    example: { response: example },
  })
  get(@Ctx() ctx: Context, @Param({ schema: dto.clusterParams }) { id }: dto.ClusterParams) {
    return this.clusters.get(ctx, id);
  }

  @Route('POST', {
    access: Permission.FleetManage,
    rate: 'clusters',
    summary: 'Create a cluster',
    description:
      'In an environment with one cluster requests need not name it; with several they do.',
    errors: [environmentNotFound, clusterExists, clusterLimit, unknownTarget, quotaExceeded],
    answer: dto.clusterOut,
    answerHeaders: tagged,
    example: {
      request: {
        name: 'eu-1',
        environment: 'Production',
        minAvailable: 2,
        maxInFlight: 5,
        trustedProxies: ['10.0.0.0/8'],
      },
      response: { ...example, nodes: 0 },
    },
  })
  create(
    @Ctx() ctx: Context,
    @Body({ schema: dto.createClusterBody }) body: dto.CreateClusterBody,
    @Headers('idempotency-key') key: string | undefined,
  ) {
    return this.clusters.create(ctx, body, key);
  }

  @Route('PUT :id', {
    access: Permission.FleetManage,
    rate: 'clusters',
    summary: 'Change a cluster',
    description:
      'Needs If-Match with the version that was read. Nodes follow new `trustedProxies` within seconds, without a restart.',
    errors: [clusterNotFound, ifMatchRequired, versionMismatch],
    answer: dto.clusterOut,
    answerHeaders: tagged,
    example: {
      request: { minAvailable: 3, maxInFlight: 5, trustedProxies: ['10.0.0.0/8'] },
      response: { ...example, minAvailable: 3, version: 2 },
    },
  })
  replace(
    @Ctx() ctx: Context,
    @Param({ schema: dto.clusterParams }) { id }: dto.ClusterParams,
    @Body({ schema: dto.replaceClusterBody }) rules: dto.ReplaceClusterBody,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    const change = { version: ifMatchVersion(ifMatch), rules };
    return this.clusters.replace(ctx, id, change);
  }
}
