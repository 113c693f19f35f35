import { isSameOrigin } from './hub-options.js';

describe('the origin of a socket', () => {
  it.each([
    [undefined, 'tidegate.example', true],
    ['https://tidegate.example', 'tidegate.example', true],
    ['http://127.0.0.1:8080', '127.0.0.1:8080', true],
    ['https://Tidegate.Example', 'tidegate.example', true],
    ['https://evil.example', 'tidegate.example', false],
    ['https://tidegate.example.evil.example', 'tidegate.example', false],
    ['https://tidegate.example:8443', 'tidegate.example:9443', false],
    ['null', 'tidegate.example', false],
    ['', 'tidegate.example', false],
    ['not an origin', 'tidegate.example', false],
    ['https://tidegate.example', undefined, false],
  ])('%p at the host %p: %p', (origin, host, expected) => {
    const headers = { ...(origin === undefined ? {} : { origin }), ...(host ? { host } : {}) };
    expect(isSameOrigin({ headers })).toBe(expected);
  });
});
