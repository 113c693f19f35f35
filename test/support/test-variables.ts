/**
 * How jest's global setup hands what it started to the workers. The names do not begin with TIDEGATE_:
 * the platform refuses to start with a setting of its own that it does not know.
 */
export const databaseVariable = 'TEST_DATABASE_SERVER';
export const redisVariable = 'TEST_REDIS_PROGRAM';
export const templateDatabase = 'tidegate_template';
