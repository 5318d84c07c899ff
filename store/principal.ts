/** Who did something. */
export interface Principal {
  readonly name: string;
  readonly kind: 'person' | 'token' | 'system';
  readonly scopes: readonly string[];
}
