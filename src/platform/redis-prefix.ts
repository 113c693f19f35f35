/** Keys and channels of one installation on a shared Redis. */
export const REDIS_PREFIX = 'tidegate';
