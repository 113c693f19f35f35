/** As browsers write them (`PublicKeyCredential.toJSON()`). */
import { z } from 'zod';
import { text } from '../../kernel/text.js';

const base64url = (characters: number) =>
  z
    .string()
    .max(characters)
    .regex(/^[\w-]+={0,2}$/, 'must be base64url');

/** A credential's id has 1023 bytes at most. */
const CREDENTIAL_ID_CHARACTERS = 1_400;
const CLIENT_DATA_CHARACTERS = 4_096;
/** With a chain of certificates in it; ours ask for none. */
const ATTESTATION_CHARACTERS = 64 * 1024;
/** RSA with 4096 bits, and room. */
const SIGNATURE_CHARACTERS = 2_048;
const HINT_CHARACTERS = 32;

const extensions = z.record(z.string().max(HINT_CHARACTERS), z.unknown()).optional();
const attachment = z.string().max(HINT_CHARACTERS).nullable().optional();
const credential = {
  id: base64url(CREDENTIAL_ID_CHARACTERS),
  rawId: base64url(CREDENTIAL_ID_CHARACTERS),
  type: z.literal('public-key'),
  authenticatorAttachment: attachment,
  clientExtensionResults: extensions,
};

export const passkeyAssertion = z
  .strictObject({
    ...credential,
    response: z.strictObject({
      clientDataJSON: base64url(CLIENT_DATA_CHARACTERS),
      authenticatorData: base64url(CLIENT_DATA_CHARACTERS),
      signature: base64url(SIGNATURE_CHARACTERS),
      userHandle: base64url(100).nullable().optional(),
    }),
  })
  .meta({ id: 'PasskeyAssertion' });

export type PasskeyAssertion = z.output<typeof passkeyAssertion>;

export const passkeyRegistration = z
  .strictObject({
    ...credential,
    response: z.strictObject({
      clientDataJSON: base64url(CLIENT_DATA_CHARACTERS),
      attestationObject: base64url(ATTESTATION_CHARACTERS),
      authenticatorData: base64url(CLIENT_DATA_CHARACTERS).optional(),
      transports: z.array(text(HINT_CHARACTERS)).max(10).optional(),
      publicKeyAlgorithm: z.int().optional(),
      publicKey: base64url(CLIENT_DATA_CHARACTERS).nullable().optional(),
    }),
  })
  .meta({ id: 'PasskeyRegistration' });

export type PasskeyRegistration = z.output<typeof passkeyRegistration>;

/** What a browser is handed goes by its own standard: WebAuthn, not ours. */
export const passkeyOptionsOut = z.looseObject({ challenge: z.string() }).meta({
  id: 'PasskeyOptions',
  description:
    'As `PublicKeyCredential.parseRequestOptionsFromJSON` and `parseCreationOptionsFromJSON` take them.',
});
