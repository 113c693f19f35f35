import { UseFilters } from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  type OnGatewayInit,
} from '@nestjs/websockets';
import type { Namespace } from 'socket.io';
import { DomainError } from '../../kernel/errors.js';
import { limits } from '../../kernel/limits.js';
import { Permission } from '../../kernel/permission.js';
import { withRequestSource } from '../../platform/audit/request-source.js';
import { Allow } from '../../platform/http/access.js';
import { Logger } from '../../platform/logging/logger.js';
import { DeploymentFeeds } from './deployment-feeds.js';
import { HubAdmission } from './hub-admission.js';
import {
  HUB_NAMESPACE,
  nothing,
  subscription,
  unsubscription,
  subscriptionToAll,
  type FollowingAnswer,
  type Standing,
  type Subscription,
  type SubscriptionToAll,
  type Unsubscription,
} from './hub-messages.js';
import { hubOptions } from './hub-options.js';
import { tooManyMessages, tooManySubscriptions, unknownMessage } from './realtime.errors.js';
import { RealtimeMetrics } from './realtime.metrics.js';
import { SessionWatch } from './session-watch.js';
import { cutSocket, flooded } from './socket-cut.js';
import { acknowledgeOf, refusalOf, SocketErrorFilter } from './socket-error.js';
import type { HubSocket } from './socket-session.js';

const MESSAGES = {
  SubscribeToDeployment: 'SubscribeToDeployment',
  UnsubscribeFromDeployment: 'UnsubscribeFromDeployment',
  SubscribeToAllDeployments: 'SubscribeToAllDeployments',
  UnsubscribeFromAllDeployments: 'UnsubscribeFromAllDeployments',
} as const;

/** Live deployments: who comes in, what they may ask, and nothing of what is sent to them. */
@WebSocketGateway({ namespace: HUB_NAMESPACE, ...hubOptions })
@UseFilters(SocketErrorFilter)
export class DeploymentHub implements OnGatewayInit, OnGatewayConnection, OnGatewayDisconnect {
  constructor(
    private readonly admission: HubAdmission,
    private readonly watch: SessionWatch,
    private readonly feeds: DeploymentFeeds,
    private readonly metrics: RealtimeMetrics,
    private readonly logger: Logger,
  ) {}

  afterInit(hub: Namespace): void {
    // The root namespace is always there; nothing lives in it, so nobody may sit in it.
    hub.server.of('/').use((_socket, next) => next(new Error(`use ${HUB_NAMESPACE}`)));
    hub.use((socket, next) => void this.admission.admit(socket as HubSocket, next));
    this.watch.start(() => hub.sockets.values() as Iterable<HubSocket>);
  }

  /** Before any message: unknown ones are refused, and so is whoever sends too many. */
  handleConnection(socket: HubSocket): void {
    socket.use((packet, next) => {
      const [name, ...args] = packet as unknown[];
      const budget = socket.data.budget.take();
      if (budget === 'flood') {
        this.metrics.cut('flood');
        return void cutSocket(socket, flooded);
      }
      const error = budget === 'refused' ? tooManyMessages() : faultOf(name);
      if (!error) return withRequestSource(socket.data.source, next);
      acknowledgeOf(args)?.(refusalOf(error, this.logger));
    });
  }

  handleDisconnect(socket: HubSocket): void {
    const { subscriber } = socket.data;
    this.feeds.of(subscriber.tenantId).leave(subscriber);
    // A connection without its only namespace is of no use.
    socket.conn.close();
  }

  @SubscribeMessage(MESSAGES.SubscribeToDeployment)
  @Allow(Permission.DeploymentsRead)
  async subscribe(
    @ConnectedSocket() { data: { subscriber } }: HubSocket,
    @MessageBody({ schema: subscription }) { deploymentId, afterSequence }: Subscription,
  ): Promise<Standing> {
    const { chosen, tenantId } = subscriber;
    if (chosen.size >= limits.subscriptionsPerSocket && !chosen.has(deploymentId)) {
      throw tooManySubscriptions();
    }
    return this.feeds.of(tenantId).subscribe(subscriber, deploymentId, afterSequence);
  }

  @SubscribeMessage(MESSAGES.UnsubscribeFromDeployment)
  @Allow(Permission.DeploymentsRead)
  unsubscribe(
    @ConnectedSocket() { data: { subscriber } }: HubSocket,
    @MessageBody({ schema: unsubscription }) { deploymentId }: Unsubscription,
  ): Unsubscription {
    this.feeds.of(subscriber.tenantId).unsubscribe(subscriber, deploymentId);
    return { deploymentId };
  }

  @SubscribeMessage(MESSAGES.SubscribeToAllDeployments)
  @Allow(Permission.DeploymentsRead)
  async subscribeAll(
    @ConnectedSocket() { data: { subscriber } }: HubSocket,
    @MessageBody({ schema: subscriptionToAll }) asked: SubscriptionToAll,
  ): Promise<FollowingAnswer> {
    return this.feeds.of(subscriber.tenantId).subscribeAll(subscriber, asked);
  }

  @SubscribeMessage(MESSAGES.UnsubscribeFromAllDeployments)
  @Allow(Permission.DeploymentsRead)
  unsubscribeAll(
    @ConnectedSocket() { data: { subscriber } }: HubSocket,
    @MessageBody({ schema: nothing }) _nothing: unknown,
  ): Record<string, never> {
    this.feeds.of(subscriber.tenantId).unsubscribeAll(subscriber);
    return {};
  }
}

function faultOf(name: unknown): DomainError | undefined {
  if (typeof name === 'string' && Object.hasOwn(MESSAGES, name)) return undefined;
  return unknownMessage(Object.keys(MESSAGES));
}
