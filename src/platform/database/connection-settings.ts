/** Where a role of a database is reached. `host` is a name, an address, or a folder with a Unix socket. */
export interface ConnectionSettings {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
}
