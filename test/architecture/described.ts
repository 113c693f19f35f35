/** What PostgreSQL says of a statement without running it: the types of its parameters and columns. */
import type { EventEmitter } from 'node:events';
import type { Client, FieldDef, Submittable } from 'pg';

export interface Described {
  /** Type oids, in the order of `$1…`. */
  readonly parameters: readonly number[];
  readonly columns: readonly { readonly name: string; readonly type: number }[];
}

interface Wire extends EventEmitter {
  parse(message: { name: string; text: string; types: number[] }): void;
  describe(message: { type: 'S'; name: string }): void;
  sync(): void;
}

/** Throws what PostgreSQL says against it: a column that does not exist, a wrong type. */
export function describeStatement(client: Client, text: string): Promise<Described> {
  return new Promise((resolve, reject) => {
    let parameters: readonly number[] = [];
    let columns: Described['columns'] = [];
    const took = (message: { dataTypeIDs: number[] }) => (parameters = message.dataTypeIDs);
    // What the driver calls for a message while this is its query; the types do not name it.
    const submittable = {
      submit(wire: Wire) {
        wire.once('parameterDescription', took);
        wire.parse({ name: '', text, types: [] });
        wire.describe({ type: 'S', name: '' });
        wire.sync();
      },
      handleRowDescription(message: { fields: FieldDef[] }) {
        columns = message.fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID }));
      },
      handleError(error: Error, wire: Wire) {
        wire.off('parameterDescription', took);
        reject(error);
      },
      handleReadyForQuery() {
        resolve({ parameters, columns });
      },
    };
    client.query(submittable as unknown as Submittable);
  });
}
