import { DefaultNamingStrategy } from 'typeorm';

/** Columns are named as SQL names things: `tenantId` is `tenant_id`. Tables say their name themselves. */
export class SnakeCaseNames extends DefaultNamingStrategy {
  override columnName(property: string, given: string | undefined): string {
    return given ?? property.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
  }
}
