/**
 * What is kept of a directory's users and groups, as RFC 7643 describes attributes. One list for what
 * `/Schemas` tells, what bodies and PATCH may set, and what filters may ask about. What is of no use here
 * (telephones, addresses, the password) is in no list: it is taken without an error and not kept.
 */
export interface Attribute {
  readonly name: string;
  readonly type: 'string' | 'boolean' | 'complex' | 'reference';
  readonly multiValued: boolean;
  readonly description: string;
  readonly required: boolean;
  readonly caseExact: boolean;
  readonly mutability: 'readWrite' | 'readOnly' | 'immutable';
  readonly returned: 'default' | 'always';
  readonly uniqueness: 'none' | 'server';
  readonly canonicalValues?: readonly string[];
  readonly referenceTypes?: readonly string[];
  readonly subAttributes?: readonly Attribute[];
}

const text = (name: string, description: string, more: Partial<Attribute> = {}): Attribute => ({
  name,
  type: 'string',
  multiValued: false,
  description,
  required: false,
  caseExact: false,
  mutability: 'readWrite',
  returned: 'default',
  uniqueness: 'none',
  ...more,
});

export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';

export const userAttributes: readonly Attribute[] = [
  text('userName', 'How the directory calls the person; unique in the tenant.', {
    required: true,
    uniqueness: 'server',
  }),
  text('name', 'The parts of the name.', {
    type: 'complex',
    subAttributes: [
      text('formatted', 'All of it.'),
      text('familyName', 'The last name.'),
      text('givenName', 'The first name.'),
    ],
  }),
  text('displayName', 'As it is shown.'),
  text('active', 'False: the person is out of the tenant, within five seconds.', {
    type: 'boolean',
  }),
  text('emails', 'The primary one is where the invitation goes.', {
    type: 'complex',
    multiValued: true,
    subAttributes: [
      text('value', 'The address.'),
      text('type', 'What it is for.', { canonicalValues: ['work', 'home', 'other'] }),
      text('primary', 'Whether it is the first.', { type: 'boolean' }),
    ],
  }),
];

export const groupAttributes: readonly Attribute[] = [
  text('displayName', 'The name by which roles are bound to it; unique in the tenant.', {
    required: true,
    uniqueness: 'server',
  }),
  text('members', 'Users of the directory; no groups.', {
    type: 'complex',
    multiValued: true,
    subAttributes: [
      text('value', 'The id of the user.', { mutability: 'immutable', caseExact: true }),
      text('$ref', 'Where the user is.', {
        type: 'reference',
        mutability: 'immutable',
        caseExact: true,
        referenceTypes: ['User'],
      }),
      text('display', 'Their `userName`.', { mutability: 'readOnly' }),
      text('type', 'Always `User`.', { mutability: 'immutable', canonicalValues: ['User'] }),
    ],
  }),
];

/** Of every resource, and in no schema. */
const commonAttributes: readonly Attribute[] = [
  text('id', 'Ours.', { caseExact: true, mutability: 'readOnly', returned: 'always' }),
  text('externalId', 'Theirs.', { caseExact: true }),
  text('meta', 'Ours.', {
    type: 'complex',
    mutability: 'readOnly',
    subAttributes: ['created', 'lastModified', 'resourceType', 'version', 'location'].map((name) =>
      text(name, 'Ours.', { mutability: 'readOnly', caseExact: true }),
    ),
  }),
];

export interface ResourceKind {
  readonly name: 'User' | 'Group';
  readonly schema: string;
  readonly attributes: readonly Attribute[];
}

export const USER: ResourceKind = {
  name: 'User',
  schema: USER_SCHEMA,
  attributes: [...commonAttributes, ...userAttributes],
};

export const GROUP: ResourceKind = {
  name: 'Group',
  schema: GROUP_SCHEMA,
  attributes: [...commonAttributes, ...groupAttributes],
};

/** Names of attributes are the same in capitals and small letters. */
export function attributeNamed(
  attributes: readonly Attribute[],
  name: string,
): Attribute | undefined {
  const key = name.toLowerCase();
  return attributes.find((each) => each.name.toLowerCase() === key);
}

/** Of RFC 7643, and not kept here: directories send them all the same. */
const NOT_KEPT = new Set(
  [
    'title,nickName,profileUrl,userType,preferredLanguage,locale,timezone,password,phoneNumbers,ims',
    'photos,addresses,groups,entitlements,roles,x509Certificates,schemas,middleName,honorificPrefix',
    'honorificSuffix,display,$ref',
  ]
    .join()
    .toLowerCase()
    .split(','),
);

export function isNotKept(name: string): boolean {
  return NOT_KEPT.has(name.toLowerCase());
}
