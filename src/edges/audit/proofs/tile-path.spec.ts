import { parseTilePath } from './tile-path.js';

describe('the path of a tile', () => {
  it.each([
    ['0/000', { level: 0, position: 0, width: 256 }],
    ['0/067', { level: 0, position: 67, width: 256 }],
    ['1/x001/x234/067', { level: 1, position: 1_234_067, width: 256 }],
    ['0/x001/067.p/5', { level: 0, position: 1_067, width: 5 }],
    ['entries/000.p/255', { level: 'entries', position: 0, width: 255 }],
  ])('%s', (path, expected) => {
    const [level, ...rest] = path.split('/');
    expect(parseTilePath(level!, rest)).toEqual(expected);
  });

  it.each([
    '0',
    '0/67',
    '0/x000/067',
    '0/x001',
    '0/001/067',
    '7/000',
    'x/000',
    '0/000.p/0',
    '0/000.p/256',
    '0/000.p/05',
    '0/000.p',
    'entries/../000',
  ])('is not %s', (path) => {
    const [level, ...rest] = path.split('/');
    expect(parseTilePath(level!, rest)).toBeNull();
  });
});
