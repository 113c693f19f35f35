import { Body, Headers, Param } from '@nestjs/common';
import { uuid } from '../../kernel/text.js';
import type { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import { versionMismatch } from '../../platform/http/http.errors.js';
import { Route } from '../../platform/http/route.js';
import { deploymentNotFound, stateNotSuitable } from '../deployment.errors.js';
import { verbExample } from '../deployment.examples.js';
import { verbAccepted } from '../deployments.dto.js';
import type { DeploymentVerbs } from './deployment-verbs.service.js';
import { type Asked, type Verb, type VerbDefinition, VERBS, verbs } from './verbs.js';

/** `POST :id/<verb>` for each verb of the table. The controller of deployments inherits them. */
export abstract class VerbRoutes {
  protected abstract readonly verbs: DeploymentVerbs;
}

for (const verb of VERBS) addRoute(verb);

/** What a method with decorators would be: the compiler cannot write one for each entry of a table. */
function addRoute(verb: Verb): void {
  const { prototype } = VerbRoutes;
  const { permission, body, summary, description, errors, example, isOpenWhileSuspended } = verbs[
    verb
  ] as VerbDefinition;
  const methods = {
    [verb](this: VerbRoutes, ctx: Context, id: string, sent: unknown, ifMatch?: string) {
      // The pipe has judged it by the schema of the same entry.
      return this.verbs.ask(ctx, id, { verb, body: sent, ifMatch } as Asked);
    },
  };
  const descriptor = Object.getOwnPropertyDescriptor(methods, verb)!;
  Object.defineProperty(prototype, verb, descriptor);
  Reflect.defineMetadata('design:paramtypes', [Object, String, Object, String], prototype, verb);
  Ctx()(prototype, verb, 0);
  Param('id', { schema: uuid })(prototype, verb, 1);
  Body({ schema: body })(prototype, verb, 2);
  Headers('if-match')(prototype, verb, 3);
  Route(`POST :id/${verb}`, {
    access: permission,
    ...(isOpenWhileSuspended ? { isOpenWhileSuspended } : {}),
    summary,
    description,
    errors: [deploymentNotFound, stateNotSuitable, versionMismatch, ...errors],
    answer: verbAccepted,
    status: 202,
    header: { name: 'If-Match' },
    example: { request: example, response: verbExample(verb) },
  })(prototype, verb, descriptor);
}
