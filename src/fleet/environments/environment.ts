import type { z } from 'zod';
import type { AnswerOf } from '../../platform/http/answer.js';
import type { environmentOut, environmentRules } from './environments.dto.js';

export type EnvironmentRules = Readonly<z.output<typeof environmentRules>>;
/** What a deployment gets that says nothing. */
export type EnvironmentDefaults = EnvironmentRules['defaults'];
export type Environment = AnswerOf<typeof environmentOut>;
