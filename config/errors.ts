/** Configuration that can't be used: each error names where it stands, what was expected and what to do. */
export class ConfigError extends Error {
  readonly errors: readonly string[];

  constructor(errors: readonly string[]) {
    super(
      errors.length === 1
        ? errors[0]
        : `${errors.length} errors in the configuration:\n${errors.map((one) => `  ${one}`).join('\n')}`,
    );
    this.name = 'ConfigError';
    this.errors = errors;
  }
}
