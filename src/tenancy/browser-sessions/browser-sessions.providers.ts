import type { Provider, Type } from '@nestjs/common';
import { BrowserSessions } from './browser-sessions.js';
import { BrowserSessionsController } from './browser-sessions.controller.js';
import { BrowserSignIn } from './browser-sign-in.service.js';

export const browserSessionControllers: readonly Type[] = [BrowserSessionsController];

export const browserSessionProviders: readonly Provider[] = [BrowserSessions, BrowserSignIn];
