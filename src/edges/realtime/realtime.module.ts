import { Module } from '@nestjs/common';
import { TenancyModule } from '../../tenancy/tenancy.module.js';
import { ConfigurationHub } from './configuration-hub.gateway.js';
import { DeploymentFeeds } from './deployment-feeds.js';
import { DeploymentHub } from './deployment-hub.gateway.js';
import { HubAdmission } from './hub-admission.js';
import { RealtimeMetrics } from './realtime.metrics.js';
import { SessionWatch } from './session-watch.js';
import { SocketErrorFilter } from './socket-error.js';
import { SocketVetoes } from './socket-vetoes.js';

/** Live deployments over socket.io. */
@Module({
  imports: [TenancyModule],
  providers: [
    ConfigurationHub,
    DeploymentFeeds,
    DeploymentHub,
    HubAdmission,
    RealtimeMetrics,
    SessionWatch,
    SocketErrorFilter,
    SocketVetoes,
  ],
})
export class RealtimeModule {}
