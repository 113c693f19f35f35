/** Every kind of gate that exists. A new kind is one folder beside this file and one line here. */
import { registry } from '../../kernel/registry.js';
import type { GateKind } from './gate.js';
import { stabilization } from './stabilization/stabilization.gate.js';
import { utilization } from './utilization/utilization.gate.js';

/** The kind in exactly the version that something stored was made by: another one could say otherwise. */
export function gateOf({ kind, version }: { kind: string; version: number }): GateKind {
  const gate = gates.get(kind);
  if (gate.version === version) return gate;
  // No request reaches this: what is replayed is chosen by us.
  throw new Error(
    `This was judged by version ${version} of the gate "${kind}", and this program has version ${gate.version} only. A program of that time can replay it.`,
  );
}

export const gates = registry<GateKind>('gate', [stabilization, utilization]);
