/**
 * Ed25519 public keys that are no one's: points of small order, for which anybody can make a
 * signature that verifies, and encodings that are not the one of their point, by which one key would
 * pass for two. OpenSSL takes both.
 */
const FIELD_PRIME = 2n ** 255n - 19n;

/** The y of the eight points of small order; their x differs in its sign only. */
const SMALL_ORDER_Y: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  FIELD_PRIME - 1n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
]);

/** `bytes`: the 32 of the key. */
export function isWeakPublicKey(bytes: Uint8Array): boolean {
  const y = BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`) & (2n ** 255n - 1n);
  return y >= FIELD_PRIME || SMALL_ORDER_Y.has(y);
}
