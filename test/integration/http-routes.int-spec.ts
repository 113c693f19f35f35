import { Body, Controller, Param } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import { z } from 'zod';
import { errorEntry } from '../../src/kernel/error-entry.js';
import { Permission } from '../../src/kernel/permission.js';
import { dnsLabel } from '../../src/kernel/text.js';
import { Public } from '../../src/platform/http/access.js';
import { Route } from '../../src/platform/http/route.js';
import { startHttpApp, type HttpAppForTest } from '../support/http-app.js';

const boat = z.strictObject({ name: dnsLabel, version: z.int() }).meta({ id: 'Boat' });
type Boat = z.output<typeof boat>;
const newBoat = z.strictObject({ name: dnsLabel });
const boatSunk = errorEntry({ code: 'boat-sunk', kind: 'conflict', meaning: 'It sank.' });

const argo: Boat = { name: 'argo', version: 3 };
const words = { summary: 'Boats', description: 'For tests.', errors: [] } as const;
const tagged = ({ version }: Boat) => ({ etag: `"${version}"` });

@Controller('boats')
class BoatsController {
  @Route('GET', {
    ...words,
    access: 'public',
    answer: z.array(boat),
    example: { response: [argo] },
  })
  list() {
    return [argo];
  }

  @Route('GET :name', {
    ...words,
    access: 'public',
    errors: [boatSunk],
    answer: boat,
    answerHeaders: tagged,
    example: { response: argo },
  })
  async get(@Param('name', { schema: dnsLabel }) name: string): Promise<Boat> {
    if (name === 'sunk') throw boatSunk();
    return { ...argo, name };
  }

  @Route('POST', {
    ...words,
    access: 'public',
    answer: boat,
    isRepeatable: true,
    header: { name: 'Idempotency-Key', description: 'Once is enough.' },
    answerHeaders: tagged,
  })
  create(@Body({ schema: newBoat }) { name }: z.output<typeof newBoat>): Boat {
    return { name, version: 1 };
  }

  @Route('POST :name/launch', { ...words, access: 'public', answer: boat, status: 202 })
  launch(): Boat {
    return argo;
  }

  @Route('DELETE :name', { ...words, access: 'public' })
  sink(): void {}

  @Route('GET :name/mine', { ...words, access: 'authenticated', answer: boat })
  mine(): Boat {
    return argo;
  }

  @Route('GET :name/ours', { ...words, access: Permission.FleetRead, answer: boat })
  ours(): Boat {
    return argo;
  }

  @Route('GET :name/wire', {
    ...words,
    access: 'agent',
    answer: { description: 'Bytes.', content: { 'application/octet-stream': {} } },
  })
  wire(): string {
    return 'x';
  }

  // @ts-expect-error there is no version in its answer to make an ETag of
  @Route('PUT :name', { ...words, access: 'public', answer: boat, answerHeaders: tagged })
  replace(): { name: string } {
    return { name: 'argo' };
  }
}

let http: HttpAppForTest;
let document: OpenAPIObject;

beforeAll(async () => {
  http = await startHttpApp({ controllers: [BoatsController] });
  document = (await (await fetch(`${http.url}/api/openapi.json`)).json()) as OpenAPIObject;
});
afterAll(() => http?.close());

const ask = (path: string, method = 'GET', body?: object) =>
  fetch(`${http.url}/api/v1/boats${path}`, {
    method,
    ...(body
      ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
      : {}),
  });
const operation = (path: string, method: 'get' | 'post' | 'delete') =>
  document.paths[`/api/v1/boats${path}`]![method]!;
const successes = (path: string, method: 'get' | 'post' | 'delete') =>
  Object.keys(operation(path, method).responses).filter((status) => status.startsWith('2'));

describe('a route', () => {
  it('answers 200, a POST 201, without a body 204, and what it says otherwise', async () => {
    expect((await ask('')).status).toBe(200);
    expect((await ask('', 'POST', { name: 'argo' })).status).toBe(201);
    expect((await ask('/argo/launch', 'POST')).status).toBe(202);
    expect((await ask('/argo', 'DELETE')).status).toBe(204);
  });

  it('is documented with the status that it answers, and both when it may be repeated', () => {
    expect(successes('', 'get')).toEqual(['200']);
    expect(successes('', 'post')).toEqual(['200', '201']);
    expect(successes('/{name}/launch', 'post')).toEqual(['202']);
    expect(successes('/{name}', 'delete')).toEqual(['204']);
    const schema = { $ref: '#/components/schemas/Boat' };
    for (const status of ['200', '201']) {
      expect(operation('', 'post').responses[status]).toMatchObject({
        content: { 'application/json': { schema } },
      });
    }
    expect(operation('/{name}/wire', 'get').responses['200']).toMatchObject({
      description: 'Bytes.',
      content: { 'application/octet-stream': {} },
    });
  });

  it('has the headers that are made of its answer, and none when it is refused', async () => {
    expect((await ask('/argo')).headers.get('etag')).toBe('"3"');
    expect((await ask('', 'POST', { name: 'x' })).headers.get('etag')).toBe('"1"');
    const refused = await ask('/sunk');
    expect([refused.status, refused.headers.get('etag')]).toEqual([409, null]);
  });

  it('judges what comes in by the schemas of its handler', async () => {
    expect((await ask('', 'POST', { name: 'Not A Label' })).status).toBe(400);
    expect((await ask('', 'POST', { name: 'argo', colour: 'red' })).status).toBe(400);
    expect((await ask('/NOT')).status).toBe(400);
  });

  it('names its errors, and the header that a client may leave out', () => {
    expect(operation('/{name}', 'get')).toMatchObject({
      'x-error-codes': ['boat-sunk', 'internal-error', 'rate-limited', 'validation-failed'],
    });
    expect(operation('', 'post').parameters).toContainEqual({
      name: 'Idempotency-Key',
      in: 'header',
      required: false,
      description: 'Once is enough.',
      schema: { type: 'string' },
    });
  });

  it('lets in whom it says, and says so', async () => {
    expect((await ask('')).status).toBe(200);
    for (const path of ['mine', 'ours', 'wire']) {
      expect([path, (await ask(`/argo/${path}`)).status]).toEqual([path, 401]);
      expect(operation(`/{name}/${path}`, 'get').security).toEqual([{ bearer: [] }]);
    }
    expect(operation('/{name}/ours', 'get')).toMatchObject({ 'x-permission': 'fleet:read' });
    expect(operation('', 'get').security).toEqual([]);
  });

  it('says once who may call: a second word beside it stops the start', async () => {
    @Controller('twice')
    class TwiceController {
      @Public()
      @Route('GET', { ...words, access: Permission.FleetManage, answer: boat })
      get(): Boat {
        return argo;
      }
    }
    await expect(startHttpApp({ controllers: [TwiceController] })).rejects.toThrow(
      'TwiceController.get has 2 access decorators',
    );
  });
});
