/** An entry of a registry (strategies, gates) with its parameters beside its kind. */
export interface KindWithParams {
  readonly kind: string;
  readonly [param: string]: unknown;
}

/** What a deployment gets that says nothing. */
export interface EnvironmentDefaults {
  readonly strategy: KindWithParams;
  readonly gate: KindWithParams;
}

export type SignaturePolicy = 'required' | 'if-present';
/** What a newer deployment does about an active one of the same module and cluster. */
export type OnConflict = 'queue' | 'supersede' | 'reject';

export interface EnvironmentRules {
  readonly defaults: EnvironmentDefaults;
  readonly allowedStrategies: readonly string[];
  readonly signaturePolicy: SignaturePolicy;
  readonly onConflict: OnConflict;
  /** Rollouts in flight at once; null: no cap of its own. */
  readonly maxInFlight: number | null;
}

export interface Environment extends EnvironmentRules {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly createdAt: Date;
}

/** Names are shown as given and compared without capitals. */
export function environmentKey(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

export const ENVIRONMENT_COLUMNS = `environment.id, environment.name, environment.defaults,
  environment.allowed_strategies as "allowedStrategies",
  environment.signature_policy as "signaturePolicy", environment.on_conflict as "onConflict",
  environment.max_in_flight as "maxInFlight",
  environment.version, environment.created_at as "createdAt"`;
