import { groupOf, sampleOf, steadyBaselines } from '../../../test/support/gate-samples.js';
import { packEvidence, replay, unpackEvidence, type GateEvidence } from './gate-evidence.js';
import { gates } from './gates.js';

const gate = gates.get('stabilization');
const evidence: GateEvidence = {
  kind: gate.kind,
  version: gate.version,
  params: gate.params.parse({}),
  baselines: steadyBaselines(),
  samples: [30, 60].map((ageS) => sampleOf(ageS, { wave: groupOf({ errors: 300 }) })),
};

describe('what a verdict was made of', () => {
  it('leads to the same verdict again, also through its packed form', () => {
    expect(replay(unpackEvidence(packEvidence(evidence)))).toBe('unstable');
  });

  it.each([1, 3])('is never replayed by another version of the gate: %i', (version) => {
    expect(() => replay({ ...evidence, version })).toThrow(
      `This was judged by version ${version} of the gate "stabilization", and this program has version 2 only.`,
    );
  });
});
