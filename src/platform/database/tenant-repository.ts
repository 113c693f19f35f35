import type {
  DeepPartial,
  FindManyOptions,
  FindOptionsOrder,
  FindOptionsWhere,
  ObjectLiteral,
  Repository,
} from 'typeorm';

/**
 * A TypeORM repository that cannot forget the tenant: it is in every condition and every insert.
 * Row-level security says the same again underneath.
 */
export class TenantRepository<E extends ObjectLiteral> {
  constructor(
    private readonly repository: Repository<E>,
    private readonly tenantId: string,
  ) {}

  findOne(where: FindOptionsWhere<E>): Promise<E | null> {
    return this.repository.findOne({ where: this.own(where) });
  }

  find(
    where: FindOptionsWhere<E>,
    options: { order?: FindOptionsOrder<E>; take?: number } = {},
  ): Promise<E[]> {
    const all: FindManyOptions<E> = { ...options, where: this.own(where) };
    return this.repository.find(all);
  }

  async insert(values: DeepPartial<E>): Promise<void> {
    await this.repository.insert({ ...values, tenantId: this.tenantId } as never);
  }

  /** Returns how many rows were changed; 0 also when the row is another tenant's. */
  async update(where: FindOptionsWhere<E>, values: DeepPartial<E>): Promise<number> {
    const result = await this.repository.update(this.own(where), values as never);
    return result.affected ?? 0;
  }

  private own(where: FindOptionsWhere<E>): FindOptionsWhere<E> {
    return { ...where, tenantId: this.tenantId } as FindOptionsWhere<E>;
  }
}
