import { PasswordHasher } from '../auth/password-hasher.js';
import { readCommonPasswords } from './common-passwords.js';
import { passwordRefused } from './password.errors.js';
import { passwordFault } from './password-rules.js';

/** The one way by which a password that somebody chooses becomes a hash. */
export class NewPasswords {
  private constructor(
    private readonly hasher: PasswordHasher,
    private readonly common: ReadonlySet<string>,
  ) {}

  static async open(hasher: PasswordHasher): Promise<NewPasswords> {
    return new NewPasswords(hasher, await readCommonPasswords());
  }

  /** `names`: the person's own, username and address. Throws `password-refused`. */
  check(password: string, names: readonly (string | null)[]): void {
    const fault = passwordFault(password, { common: this.common, names });
    if (fault !== null) throw passwordRefused(fault);
  }

  /** Throws `password-refused`, `login-busy`. */
  async hash(password: string, names: readonly (string | null)[]): Promise<string> {
    this.check(password, names);
    return this.hasher.hash(password);
  }
}
