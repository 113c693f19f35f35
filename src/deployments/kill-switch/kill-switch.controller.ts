import { Body, Controller } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permission } from '../../kernel/permission.js';
import type { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import { Route } from '../../platform/http/route.js';
import * as dto from './kill-switch.dto.js';
import { KillSwitch } from './kill-switch.service.js';

const { exampleSwitch: example } = dto;

@ApiTags('freezes')
@Controller('kill-switch')
export class KillSwitchController {
  constructor(private readonly killSwitch: KillSwitch) {}

  @Route('GET', {
    access: Permission.EnvironmentsRead,
    summary: 'Read the kill switch',
    description: 'Of the tenant, and whether that of the platform is on.',
    errors: [],
    answer: dto.killSwitchOut,
    example: { response: example },
  })
  read(@Ctx() ctx: Context) {
    return this.killSwitch.read(ctx);
  }

  @Route('PUT', {
    access: Permission.KillSwitchManage,
    isOpenWhileSuspended: true,
    summary: 'Turn the kill switch',
    description:
      'On: when this is answered nothing starts any more, and no further wave begins, until it is off again. What has begun to move converges, gates go on, and whatever goes back goes back. Waiting for it takes nothing of any deadline. In the reserved tenant it is the switch of the whole installation.',
    errors: [],
    answer: dto.killSwitchOut,
    example: { request: { isOn: true, reason: example.reason }, response: example },
  })
  turn(@Ctx() ctx: Context, @Body({ schema: dto.turnKillSwitch }) turn: dto.TurnKillSwitch) {
    return this.killSwitch.turn(ctx, turn);
  }
}
