/** What a caller may do. A token has some of these, none implies another; docs/security.md says what each opens. */
export const SCOPES = ['read', 'act', 'operate', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];
