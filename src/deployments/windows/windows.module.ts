import { Module } from '@nestjs/common';
import { HoldGuard } from '../holds/hold-guard.js';
import { HoldsController } from '../holds/holds.controller.js';
import { Holds } from '../holds/holds.service.js';
import { KillSwitchGuard } from '../kill-switch/kill-switch-guard.js';
import { KillSwitchController } from '../kill-switch/kill-switch.controller.js';
import { KillSwitch } from '../kill-switch/kill-switch.service.js';
import { ScheduleGuard } from '../schedule/schedule-guard.js';
import { FreezeGuard } from './freeze-guard.js';
import { FreezeOverrides } from './freeze-overrides.service.js';
import { FreezeOverridesController } from './freeze-overrides.controller.js';
import { FreezeReads } from './freeze-reads.service.js';
import { FreezesController } from './freezes.controller.js';
import { FreezesService } from './freezes.service.js';
import { StartGuards, type StartGuard } from './start-guards.js';
import { Wakening } from './wakening.js';

/** In the order in which they are asked: who is held by several is told of the first. */
const GUARDS = [KillSwitchGuard, FreezeGuard, HoldGuard, ScheduleGuard];

/** What keeps rollouts from starting: the kill switch, freezes, holds and dates. */
@Module({
  controllers: [
    FreezesController,
    FreezeOverridesController,
    KillSwitchController,
    HoldsController,
  ],
  providers: [
    ...GUARDS,
    {
      provide: StartGuards,
      useFactory: (...guards: StartGuard[]) => new StartGuards(guards),
      inject: GUARDS,
    },
    FreezesService,
    FreezeReads,
    FreezeOverrides,
    KillSwitch,
    Holds,
    Wakening,
  ],
  exports: [StartGuards, Holds],
})
export class WindowsModule {}
