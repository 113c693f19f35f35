import type { z } from 'zod';
import type { AnswerOf } from '../../platform/http/answer.js';
import type { clusterOut, clusterRules } from './clusters.dto.js';

export type ClusterRules = Readonly<z.output<typeof clusterRules>>;
/** A cluster with the name of its environment and the number of its nodes. */
export type ClusterView = AnswerOf<typeof clusterOut>;
