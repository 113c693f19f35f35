import { Body, Controller, Get, Param, Post, Query, type Type } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, type OpenAPIObject } from '@nestjs/swagger';
import { z } from 'zod';
import { errorEntry } from '../../src/kernel/error-entry.js';
import { Permission } from '../../src/kernel/permission.js';
import { dnsLabel, text } from '../../src/kernel/text.js';
import { Allow, Public } from '../../src/platform/http/access.js';
import { cursorInvalid } from '../../src/platform/http/http.errors.js';
import { Operation } from '../../src/platform/http/operation.js';
import { pageOf, pageQuery } from '../../src/platform/http/page.js';
import { startHttpApp, type HttpAppForTest } from '../support/http-app.js';
import { openapiFaults } from '../support/openapi-assertions.js';

const boat = z.strictObject({ name: dnsLabel, note: text(50).optional() }).meta({ id: 'Boat' });
const boatNotFound = errorEntry({
  code: 'boat-not-found',
  kind: 'not-found',
  meaning: 'There is no such boat.',
});
const example = { name: 'argo' };

@Controller('boats')
class BoatsController {
  @Post()
  @Allow(Permission.FleetManage)
  @ApiCreatedResponse({ standardSchema: boat })
  @Operation({
    summary: 'Add a boat',
    description: 'Adds a boat to the harbour, for tests.',
    errors: [],
    example: { request: example, response: example },
  })
  create(@Body({ schema: boat }) body: z.infer<typeof boat>) {
    return body;
  }

  @Get()
  @Public()
  @ApiOkResponse({ standardSchema: pageOf(boat) })
  @Operation({
    summary: 'List boats',
    description: 'Lists the boats of the harbour, newest first.',
    errors: [cursorInvalid],
    example: { response: { items: [example], nextCursor: null } },
  })
  list(@Query({ schema: pageQuery }) _query: z.infer<typeof pageQuery>) {
    return { items: [], nextCursor: null };
  }

  @Get(':name')
  @Public()
  @ApiOkResponse({ standardSchema: boat })
  @Operation({
    summary: 'Show a boat',
    description: 'Shows one boat by its name.',
    errors: [boatNotFound],
    example: { response: example },
  })
  show(@Param('name', { schema: dnsLabel }) name: string) {
    return { name };
  }
}

let http: HttpAppForTest;
let document: OpenAPIObject;
beforeAll(async () => {
  http = await startHttpApp({ controllers: [BoatsController] });
  document = (await (await fetch(`${http.url}/api/openapi.json`)).json()) as OpenAPIObject;
});
afterAll(() => http?.close());

describe('the OpenAPI document', () => {
  it('has words, examples and errors for every operation', () => {
    expect(Object.keys(document.paths).sort()).toEqual([
      '/api/v1/boats',
      '/api/v1/boats/{name}',
      '/health',
      '/health/live',
      '/health/ready',
    ]);
    expect(openapiFaults(document)).toEqual([]);
  });

  it('knows who may call an operation and how it fails', () => {
    const create = document.paths['/api/v1/boats']!.post as never as Record<string, unknown>;
    expect(create).toMatchObject({
      operationId: 'boatsCreate',
      security: [{ bearer: [] }],
      'x-permission': 'fleet:manage',
      requestBody: {
        content: { 'application/json': { example, schema: { $ref: '#/components/schemas/Boat' } } },
      },
    });
    expect(create['x-error-codes']).toEqual([
      'body-too-large',
      'foreign-page',
      'https-needed',
      'internal-error',
      'json-malformed',
      'json-unacceptable',
      'mfa-enrollment-required',
      'permission-missing',
      'provider-factor-needed',
      'provider-sign-in-needed',
      'rate-limited',
      'tenant-deleting',
      'tenant-not-ready',
      'tenant-suspended',
      'unauthenticated',
      'unsupported-media-type',
      'validation-failed',
    ]);
    const show = document.paths['/api/v1/boats/{name}']!.get!;
    expect(show.security).toEqual([]);
    expect(show.responses['404']).toMatchObject({
      description: expect.stringContaining('boat-not-found'),
      content: { 'application/problem+json': { examples: { 'boat-not-found': {} } } },
    });
  });

  it('tells the bounds of a page', () => {
    const list = document.paths['/api/v1/boats']!.get!;
    expect(list.parameters).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          name: 'limit',
          in: 'query',
          required: false,
          schema: expect.objectContaining({
            type: 'integer',
            minimum: 1,
            maximum: 200,
            default: 50,
          }),
        }),
        expect.objectContaining({ name: 'cursor', in: 'query', required: false }),
      ]),
    );
  });

  it('is shown on a page that its own security policy lets work', async () => {
    const page = await fetch(`${http.url}/api/docs`);
    const html = await page.text();
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    const scripts = [...html.matchAll(/<script([^>]*)>([^<]*)/g)];
    expect(scripts.length).toBeGreaterThan(0);
    for (const [, attributes = '', inline = ''] of scripts) {
      expect(inline.trim()).toBe('');
      const source = /src=['"]([^'"]+)['"]/.exec(attributes)?.[1] ?? 'none';
      const script = await fetch(new URL(source, `${http.url}/api/docs`));
      const { length } = await script.text();
      expect([source, script.status, length > 0]).toEqual([source, 200, true]);
    }
  });
});

describe('a start', () => {
  const bare = (decorators: MethodDecorator[], extra: Type[] = []) => {
    class BareController {
      get() {
        return {};
      }
    }
    for (const decorate of [Get(), ...decorators]) {
      const descriptor = Object.getOwnPropertyDescriptor(BareController.prototype, 'get')!;
      decorate(BareController.prototype, 'get', descriptor);
    }
    Controller('bare')(BareController);
    return startHttpApp({ controllers: [BareController, ...extra] });
  };
  const words = Operation({ summary: 'Bare', description: 'Nothing.', errors: [] });

  it('is refused by a handler with no access decorator', async () => {
    await expect(bare([words])).rejects.toThrow(
      'the GET route BareController.get has no access decorator: put exactly one of',
    );
  });

  it('is refused by a handler with two', async () => {
    await expect(bare([words, Public(), Allow(Permission.FleetRead)])).rejects.toThrow(
      'BareController.get has 2 access decorators',
    );
  });

  it('is refused by an operation without words', async () => {
    await expect(bare([Public()])).rejects.toThrow('GET /api/v1/bare has no @Operation');
  });
});
