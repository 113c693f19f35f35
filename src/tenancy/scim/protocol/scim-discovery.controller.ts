import { Controller, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Route } from '../../../platform/http/route.js';
import { ScimAddress } from '../scim-address.js';
import { listOf, resourceTypes, schemas, serviceProviderConfig, type Shown } from './messages.js';
import * as dto from './scim.dto.js';
import { scimNotFound } from './scim.errors.js';

/** What there is and what is kept of it, for directories that ask before they begin. */
@ApiTags('scim')
@Controller('scim/v2')
export class ScimDiscoveryController {
  constructor(private readonly address: ScimAddress) {}

  @Route('GET ServiceProviderConfig', {
    access: 'directory',
    summary: 'What this service provider can do',
    description: 'PATCH, filters and ETags; no bulk, no sorting, no passwords.',
    errors: [],
    answer: dto.resourceOut,
    answerHeaders: dto.plain,
    example: { response: dto.exampleAnswer },
  })
  config(): object {
    return serviceProviderConfig(this.address.base);
  }

  @Route('GET ResourceTypes', {
    access: 'directory',
    summary: 'List the resource types',
    description: 'Users and groups.',
    errors: [],
    answer: dto.listOut,
    answerHeaders: dto.plain,
    example: { response: dto.exampleList },
  })
  types(): object {
    return all(resourceTypes(this.address.base));
  }

  @Route('GET ResourceTypes/:id', {
    access: 'directory',
    summary: 'Read a resource type',
    description: '`User` or `Group`.',
    errors: [scimNotFound],
    answer: dto.resourceOut,
    answerHeaders: dto.plain,
    example: { response: dto.exampleAnswer },
  })
  type(@Param({ schema: dto.resourceParams }) { id }: dto.ResourceParams): object {
    return named(resourceTypes(this.address.base), id);
  }

  @Route('GET Schemas', {
    access: 'directory',
    summary: 'List the schemas',
    description: 'The attributes of users and groups that are kept; others are taken and dropped.',
    errors: [],
    answer: dto.listOut,
    answerHeaders: dto.plain,
    example: { response: dto.exampleList },
  })
  schemas(): object {
    return all(schemas(this.address.base));
  }

  @Route('GET Schemas/:id', {
    access: 'directory',
    summary: 'Read a schema',
    description: 'By its URN.',
    errors: [scimNotFound],
    answer: dto.resourceOut,
    answerHeaders: dto.plain,
    example: { response: dto.exampleAnswer },
  })
  schema(@Param({ schema: dto.resourceParams }) { id }: dto.ResourceParams): object {
    return named(schemas(this.address.base), id);
  }
}

function all(resources: readonly Shown[]): object {
  return listOf(resources, { total: resources.length, offset: 0 });
}

/** Throws `scim-not-found`. */
function named(resources: readonly Shown[], id: string): Shown {
  const found = resources.find((each) => each.id === id);
  if (found) return found;
  throw scimNotFound();
}
