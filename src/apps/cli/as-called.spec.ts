import { asCalled } from './as-called.js';

describe('the name of the program in what it says', () => {
  const said = 'Sign in: tidegate login, or npx tidegate login --totp CODE.';

  it('is what it was called by', () => {
    expect(asCalled(said)).toBe('Sign in: tidegate login, or tidegate login --totp CODE.');
    expect(asCalled(said, 'npx tidegate')).toBe(
      'Sign in: npx tidegate login, or npx tidegate login --totp CODE.',
    );
    expect(asCalled('Usage: tidegate [options] [command]', 'npx tidegate')).toBe(
      'Usage: npx tidegate [options] [command]',
    );
  });

  it.each(['tidegate: no such file', 'https://h/tidegate x', '.tidegate is a folder'])(
    'is not in %s',
    (text) => expect(asCalled(text, 'npx tidegate')).toBe(text),
  );
});
