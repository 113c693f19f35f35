import { Module } from '@nestjs/common';
import { AgentTargetModule } from '../../drivers/targets/agent/agent-target.module.js';
import { DrainController } from './drain.controller.js';
import { Drain } from './drain.service.js';

/** Nodes that are to run nothing: it knows of rollouts, as the fleet does not. */
@Module({ imports: [AgentTargetModule], controllers: [DrainController], providers: [Drain] })
export class DrainModule {}
