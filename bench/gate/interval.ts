/** Two standard errors and a little less: 95 % of a normal distribution. */
const Z = 1.96;

/** Wilson's 95 % interval of a share, which also holds where nothing or everything was hit. */
export function wilson(hits: number, count: number): { low: number; high: number } {
  const share = hits / count;
  const spread = Z ** 2 / count;
  const centre = (share + spread / 2) / (1 + spread);
  const half = (Z * Math.sqrt((share * (1 - share)) / count + spread / (4 * count))) / (1 + spread);
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}
