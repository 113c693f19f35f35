import { addRole, roleText } from './given-role.js';

describe('a role on the command line', () => {
  it.each([
    ['Deployer', null, null],
    ['Deployer:orders,payments', ['orders', 'payments'], null],
    ['Operator@QA', null, ['QA']],
    ['Operator:orders@QA,Production', ['orders'], ['QA', 'Production']],
  ])('%s', (text, modules, environments) => {
    const [given] = addRole(text);
    expect(given).toEqual({ role: text.split(/[:@]/)[0], modules, environments });
    expect(roleText(given!)).toBe(text);
  });

  it('is given as often as needed, and has a name', () => {
    expect(addRole('Viewer', addRole('Operator')).map(({ role }) => role)).toEqual([
      'Operator',
      'Viewer',
    ]);
    expect(() => addRole(':orders')).toThrow('is no role');
  });
});
