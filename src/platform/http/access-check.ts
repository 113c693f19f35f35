import { RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA } from '@nestjs/common/constants.js';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { ACCESS_COUNT_METADATA, ACCESS_METADATA } from './access.js';
import type { Access } from './access-rule.js';

/**
 * Walks every route and socket handler before the process listens. A handler without an access
 * decorator, or with two, stops the start: there is no default to rely on by accident.
 */
export interface CheckedHandler {
  readonly controller: string;
  readonly method: string;
  readonly transport: 'http' | 'socket';
  readonly access: Access;
}

/** The key under which @SubscribeMessage leaves its mark; @nestjs/websockets does not export it. */
const SOCKET_MESSAGE_METADATA = 'websockets:message_mapping';

/** One sentence for each handler at fault; a known start error (run-process.ts). */
export class AccessCheckError extends Error {
  constructor(readonly faults: readonly string[]) {
    super(faults.join('\n'));
    this.name = 'AccessCheckError';
  }
}

/** Returns all handlers with their access, or throws AccessCheckError. */
export function checkAccess(modules: ModulesContainer): CheckedHandler[] {
  const faults: string[] = [];
  const checked: CheckedHandler[] = [];
  for (const handler of handlersOf(modules)) {
    const access = Reflect.getMetadata(ACCESS_METADATA, handler.target) as Access | undefined;
    const count = Reflect.getMetadata(ACCESS_COUNT_METADATA, handler.target) as number | undefined;
    const { target: _target, label: _label, ...rest } = handler;
    if (access && count === 1) checked.push({ ...rest, access });
    else faults.push(faultOf(handler, count ?? 0));
  }
  if (faults.length > 0) throw new AccessCheckError(faults);
  return checked;
}

interface Handler extends Omit<CheckedHandler, 'access'> {
  readonly target: object;
  /** `GET list` or `SubscribeToDeployment`: what a reader looks for. */
  readonly label: string;
}

/** All of them, whatever stands on them. */
export function* handlersOf(modules: ModulesContainer): Generator<Handler> {
  const scanner = new MetadataScanner();
  const seen = new Set<unknown>();
  for (const module of modules.values()) {
    // Gateways are providers; a class that is both is walked once.
    const wrappers = [...module.controllers.values(), ...module.providers.values()];
    for (const { metatype } of wrappers) {
      if (typeof metatype !== 'function' || seen.has(metatype)) continue;
      seen.add(metatype);
      const prototype = (metatype as Type).prototype as Record<string, object> | undefined;
      if (!prototype) continue;
      for (const method of scanner.getAllMethodNames(prototype)) {
        const handler = handlerOf(metatype.name, method, prototype[method]!);
        if (handler) yield handler;
      }
    }
  }
}

function handlerOf(controller: string, method: string, target: object): Handler | undefined {
  const verb = Reflect.getMetadata(METHOD_METADATA, target) as RequestMethod | undefined;
  if (verb !== undefined) {
    const label = `the ${RequestMethod[verb]} route ${controller}.${method}`;
    return { controller, method, transport: 'http', target, label };
  }
  if (Reflect.getMetadata(SOCKET_MESSAGE_METADATA, target) === true) {
    const label = `the socket message ${controller}.${method}`;
    return { controller, method, transport: 'socket', target, label };
  }
  return undefined;
}

function faultOf(handler: Handler, count: number): string {
  const wrong = count === 0 ? 'has no access decorator' : `has ${count} access decorators`;
  return (
    `${handler.label} ${wrong}: ` +
    'put exactly one of @Allow(…), @Authenticated(), @AgentOnly(), @DirectoryOnly(), @Public() or @Probe() on it.'
  );
}
