import { stateMachine } from './state-machine.js';

const light = stateMachine<'red' | 'green' | 'off'>('light', 'red', {
  red: ['green', 'off'],
  green: ['red', 'off'],
  off: [],
});

describe('a state machine', () => {
  it('allows what its table says and nothing else', () => {
    expect(light.can('red', 'green')).toBe(true);
    expect(light.can('red', 'red')).toBe(false);
    expect(light.can('off', 'red')).toBe(false);
  });

  it('knows its states and which of them are final', () => {
    expect(light.states).toEqual(['red', 'green', 'off']);
    expect(light.states.filter((state) => light.isTerminal(state))).toEqual(['off']);
    expect(light.isState('off')).toBe(true);
    expect(light.isState('toString')).toBe(false);
  });

  it('refuses a table that leads to a state which does not exist', () => {
    const table = { a: ['b'] } as unknown as Record<'a', 'a'[]>;
    expect(() => stateMachine('broken', 'a', table)).toThrow('"a" leads to unknown state "b"');
  });

  it('refuses a state that nothing leads to', () => {
    const table = { a: ['b'], b: [], c: ['a'] } as const;
    expect(() => stateMachine<'a' | 'b' | 'c'>('broken', 'a', table)).toThrow(
      'unreachable from "a": c',
    );
  });
});
