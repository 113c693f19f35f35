import { assert } from './assert.js';

export interface StateMachine<S extends string> {
  readonly name: string;
  readonly initial: S;
  readonly states: readonly S[];
  readonly transitions: Readonly<Record<S, readonly S[]>>;
  isState(value: string): value is S;
  isTerminal(state: S): boolean;
  can(from: S, to: S): boolean;
}

/**
 * A status and its one table of transitions. The table is checked when the module is loaded: an
 * unknown target or an unreachable state is a mistake that must not reach a request.
 */
export function stateMachine<S extends string>(
  name: string,
  initial: S,
  transitions: Readonly<Record<S, readonly S[]>>,
): StateMachine<S> {
  const states = Object.keys(transitions) as S[];
  const known = new Set<string>(states);
  const reached = new Set<S>([initial]);
  const open: S[] = [initial];
  for (const state of states) {
    for (const target of transitions[state]) {
      assert(known.has(target), `${name}: "${state}" leads to unknown state "${target}"`);
    }
  }
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    for (const target of transitions[state]) {
      if (reached.has(target)) continue;
      reached.add(target);
      open.push(target);
    }
  }
  const lost = states.filter((state) => !reached.has(state));
  assert(lost.length === 0, `${name}: unreachable from "${initial}": ${lost.join(', ')}`);
  return {
    name,
    initial,
    states,
    transitions,
    isState: (value): value is S => known.has(value),
    isTerminal: (state) => transitions[state].length === 0,
    can: (from, to) => transitions[from].includes(to),
  };
}
