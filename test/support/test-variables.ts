/** How jest's global setup hands what it started to the workers. */
export const databaseVariable = 'TIDEGATE_TEST_DATABASE';
export const redisVariable = 'TIDEGATE_TEST_REDIS';
export const templateDatabase = 'tidegate_template';
