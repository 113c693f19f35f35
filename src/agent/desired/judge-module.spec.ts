import type { DesiredModule } from '../protocol/protocol.js';
import { judgeModule } from './judge-module.js';

const module = (generation: number, name = 'orders'): DesiredModule => ({
  moduleId: '01890000-0000-7000-8000-000000000001',
  name,
  generation,
  signatureRequired: false,
  releases: [],
});

function accepted(of: DesiredModule) {
  const judged = judgeModule(null, of);
  if (judged.verdict !== 'accept') throw new Error('not accepted');
  return { module: of, digest: judged.digest };
}

it('accepts the first and every higher generation', () => {
  expect(judgeModule(null, module(0)).verdict).toBe('accept');
  expect(judgeModule(accepted(module(3)), module(4)).verdict).toBe('accept');
});

it('finds the same content unchanged, in whatever order it is written', () => {
  const { name, ...rest } = module(3);
  expect(judgeModule(accepted(module(3)), { ...rest, name })).toEqual({ verdict: 'unchanged' });
});

it('refuses a lower generation, and an equal one with other content', () => {
  const known = accepted(module(3));
  const lower = { verdict: 'refuse', reason: { code: 'generation-lower' } };
  const conflict = { verdict: 'refuse', reason: { code: 'generation-conflict' } };
  expect(judgeModule(known, module(2))).toMatchObject(lower);
  expect(judgeModule(known, module(3, 'other'))).toMatchObject(conflict);
});
