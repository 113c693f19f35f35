/** Of the documents: shortened, but of the form that browsers write. */
const clientDataJSON = 'eyJ0eXBlIjoid2ViYXV0aG4uZ2V0In0';
const id = 'dGhlIGlkIG9mIGEgcGFzc2tleQ';

export const assertionExample = {
  id,
  rawId: id,
  type: 'public-key',
  response: { clientDataJSON, authenticatorData: 'SZYN5YgOjGh0NBcP', signature: 'MEUCIQDx' },
};

export const registrationExample = {
  id,
  rawId: id,
  type: 'public-key',
  response: { clientDataJSON, attestationObject: 'o2NmbXRkbm9uZQ', transports: ['internal'] },
};

export const assertionOptionsExample = {
  rpId: 'tidegate.example.com',
  challenge: 'Zm9ydHktdHdvIGJ5dGVz',
  userVerification: 'required',
  timeout: 300_000,
};

export const registrationOptionsExample = {
  rp: { name: 'Tidegate', id: 'tidegate.example.com' },
  user: { id: 'AZp_PlKwfE6dj2obLD1OXw', name: 'ada', displayName: 'ada' },
  challenge: 'Zm9ydHktdHdvIGJ5dGVz',
  pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
  timeout: 300_000,
};

export const factorExample = {
  id: '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f',
  kind: 'totp',
  name: 'phone',
  createdAt: '2026-11-30T09:00:00.000Z',
  lastUsedAt: null,
};
