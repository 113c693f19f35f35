import { Body, Controller, Get, Headers, Param, Post, Put, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Permission } from '../../kernel/permission.js';
import { Context } from '../../platform/context.js';
import { Allow } from '../../platform/http/access.js';
import { Ctx } from '../../platform/http/ctx.js';
import {
  cursorInvalid,
  ifMatchRequired,
  versionMismatch,
} from '../../platform/http/http.errors.js';
import { etagOf, ifMatchVersion } from '../../platform/http/if-match.js';
import { Operation } from '../../platform/http/operation.js';
import { pageOf, type Page } from '../../platform/http/page.js';
import {
  clusterExists,
  clusterLimit,
  clusterNotFound,
  environmentNotFound,
  unknownTarget,
} from '../fleet.errors.js';
import {
  clusterOut,
  clusterParams,
  clustersQuery,
  createClusterBody,
  replaceClusterBody,
  type ClusterParams,
  type ClustersQuery,
  type CreateClusterBody,
  type ReplaceClusterBody,
} from './clusters.dto.js';
import { ClustersService, type ClusterView } from './clusters.service.js';

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

@ApiTags('clusters')
@Controller('clusters')
export class ClustersController {
  constructor(private readonly clusters: ClustersService) {}

  @Get()
  @Allow(Permission.FleetRead)
  @Operation({
    summary: 'List clusters',
    description: 'Newest first; of one environment when it is named.',
    errors: [cursorInvalid],
    example: { response: { items: [example], nextCursor: null } },
  })
  @ApiOkResponse({ standardSchema: pageOf(clusterOut) })
  list(
    @Ctx() ctx: Context,
    @Query({ schema: clustersQuery }) query: ClustersQuery,
  ): Promise<Page<ClusterView>> {
    return this.clusters.list(ctx, query);
  }

  @Get(':id')
  @Allow(Permission.FleetRead)
  @Operation({
    summary: 'Read a cluster',
    description: 'The ETag is the version for If-Match.',
    errors: [clusterNotFound],
    example: { response: example },
  })
  @ApiOkResponse({ standardSchema: clusterOut })
  async get(
    @Ctx() ctx: Context,
    @Param({ schema: clusterParams }) { id }: ClusterParams,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ClusterView> {
    return tagged(reply, await this.clusters.get(ctx, id));
  }

  @Post()
  @Allow(Permission.FleetManage)
  @Operation({
    summary: 'Create a cluster',
    description:
      'An environment with one cluster uses it by itself; with several, requests name one.',
    errors: [environmentNotFound, clusterExists, clusterLimit, unknownTarget],
    example: {
      request: {
        ...{ name: 'eu-1', environment: 'Production', minAvailable: 2, maxInFlight: 5 },
        trustedProxies: ['10.0.0.0/8'],
      },
      response: { ...example, nodes: 0 },
    },
  })
  @ApiCreatedResponse({ standardSchema: clusterOut })
  async create(
    @Ctx() ctx: Context,
    @Body({ schema: createClusterBody }) body: CreateClusterBody,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ClusterView> {
    return tagged(reply, await this.clusters.create(ctx, body, key));
  }

  @Put(':id')
  @Allow(Permission.FleetManage)
  @Operation({
    summary: 'Change a cluster',
    description:
      'Needs If-Match with the version that was read. Nodes follow new `trustedProxies` within seconds, without a restart.',
    errors: [clusterNotFound, ifMatchRequired, versionMismatch],
    example: {
      request: { minAvailable: 3, maxInFlight: 5, trustedProxies: ['10.0.0.0/8'] },
      response: { ...example, minAvailable: 3, version: 2 },
    },
  })
  @ApiOkResponse({ standardSchema: clusterOut })
  async replace(
    @Ctx() ctx: Context,
    @Param({ schema: clusterParams }) { id }: ClusterParams,
    @Body({ schema: replaceClusterBody }) rules: ReplaceClusterBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ClusterView> {
    const change = { version: ifMatchVersion(ifMatch), rules };
    return tagged(reply, await this.clusters.replace(ctx, id, change));
  }
}

function tagged(reply: FastifyReply, cluster: ClusterView): ClusterView {
  void reply.header('etag', etagOf(cluster.version));
  return cluster;
}
