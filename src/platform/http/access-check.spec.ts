import { Controller, Get, Injectable, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { SubscribeMessage } from '@nestjs/websockets';
import { Permission } from '../../kernel/permission.js';
import { checkAccess } from './access-check.js';
import { Allow, Authenticated, Public } from './access.js';

async function check(controllers: Type[], providers: Type[] = []) {
  const module = await Test.createTestingModule({ controllers, providers }).compile();
  return checkAccess(module.get(ModulesContainer));
}

@Controller('open')
class OpenController {
  @Get()
  @Public()
  list() {
    return [];
  }

  /** No handler, so it needs no decorator. */
  helper() {
    return 1;
  }
}

@Injectable()
class Gateway {
  @SubscribeMessage('Subscribe')
  @Allow(Permission.DeploymentsRead)
  subscribe() {
    return 1;
  }
}

describe('the access check', () => {
  it('lists every route and socket message with its access', async () => {
    expect(await check([OpenController], [Gateway])).toEqual([
      {
        controller: 'OpenController',
        method: 'list',
        transport: 'http',
        access: { kind: 'public' },
      },
      {
        controller: 'Gateway',
        method: 'subscribe',
        transport: 'socket',
        access: { kind: 'permission', permission: 'deployments:read' },
      },
    ]);
  });

  it('names every handler that says nothing or too much, all at once', async () => {
    @Controller('forgetful')
    class ForgetfulController {
      @Get()
      forgotten() {
        return 1;
      }

      @Get('twice')
      @Public()
      @Authenticated()
      twice() {
        return 1;
      }
    }
    @Injectable()
    class ForgetfulGateway {
      @SubscribeMessage('Subscribe')
      message() {
        return 1;
      }
    }
    await expect(check([OpenController, ForgetfulController], [ForgetfulGateway])).rejects.toThrow(
      /^the GET route ForgetfulController\.forgotten has no access decorator: .*\nthe GET route ForgetfulController\.twice has 2 access decorators: .*\nthe socket message ForgetfulGateway\.message has no access decorator: .*$/,
    );
  });

  it('does not forget what a controller inherits', async () => {
    class Base {
      @Get()
      inherited() {
        return 1;
      }
    }
    @Controller('child')
    class ChildController extends Base {}
    await expect(check([ChildController])).rejects.toThrow(
      'ChildController.inherited has no access',
    );
  });
});
