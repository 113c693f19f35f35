import { placeOf } from './request-place.js';

it.each([
  ['/api/v1/modules/:name/releases', { name: 'orders' }, undefined, 'orders', ''],
  [
    '/api/v1/modules/:name/configurations/:environment',
    { name: 'orders', environment: 'QA' },
    undefined,
    'orders',
    'qa',
  ],
  ['/api/v1/environments/:name', { name: 'Production' }, undefined, '', 'production'],
  ['/api/v1/deployments', {}, { moduleName: 'orders', targetEnvironment: 'QA' }, 'orders', 'qa'],
  ['/api/v1/deployments/:id', { id: 'x' }, undefined, '', ''],
  ['/api/v1/access-keys', {}, { name: 'ci', moduleName: 'x' }, '', ''],
  ['/api/v1/deployments', undefined, 'no object', '', ''],
])(
  '%s is about a module and an environment, or not',
  (route, params, body, module, environment) => {
    expect(placeOf(route, params, body)).toEqual({ module, environment });
  },
);
