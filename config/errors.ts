/** What only a person can mend: a process that meets it says so and ends, and is not to be started again. */
export class CannotRun extends Error {
  override readonly name: string = 'CannotRun';
}

/** Configuration that can't be used: each error names where it stands, what was expected and what to do. */
export class ConfigError extends CannotRun {
  override readonly name = 'ConfigError';
  readonly errors: readonly string[];

  constructor(errors: readonly string[]) {
    super(
      errors.length === 1
        ? errors[0]
        : `${errors.length} errors in the configuration:\n${errors.map((one) => `  ${one}`).join('\n')}`,
    );
    this.errors = errors;
  }
}
