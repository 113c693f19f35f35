/** Every kind of gate that exists. A new kind is one folder beside this file and one line here. */
import { registry } from '../../kernel/registry.js';
import type { GateKind } from './gate.js';
import { stabilization } from './stabilization/stabilization.gate.js';
import { utilization } from './utilization/utilization.gate.js';

export const gates = registry<GateKind>('gate', [stabilization, utilization]);
