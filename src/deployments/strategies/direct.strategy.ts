// All nodes at once; settled when every node runs the release, healthy. For where nobody waits.
import { z } from 'zod';
import { limits } from '../../kernel/limits.js';
import { chunks, opening, wave } from './plan-parts.js';
import type { Strategy } from './strategy.js';

const params = z.strictObject({});

export const direct: Strategy<z.output<typeof params>> = {
  kind: 'direct',
  title: 'Direct: all nodes at once',
  description: 'Every serving node moves in one wave. No gate but health: nothing is compared.',
  params,
  plan: (facts) => {
    const waves = chunks(facts.nodes, limits.nodesPerWave);
    const steps = waves.flatMap((nodes, index) => wave(index + 1, nodes, facts, { gates: [] }));
    return { role: 'forward', steps: [...opening(facts), ...steps] };
  },
};
