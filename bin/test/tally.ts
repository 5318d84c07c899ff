/** What a run of the tests came to, and the lines that end it. */
import type { MissingPart } from '../../test/setup/needs.ts';

export interface Tally {
  passed: number;
  failed: number;
  skipped: readonly { file: string; name: string }[];
}

/** The plain closing line that any reader of test output understands. */
export function closingLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`;
}

/** Green takes a test that passed: a run that selected nothing has shown nothing. */
export function exitCode({ passed, failed }: Tally): number {
  return failed === 0 && passed > 0 ? 0 : 1;
}

/** Every test that did not run, by name, with what was missing; then each missing part once, with what to do. */
export function notRun(skipped: Tally['skipped'], missing: readonly MissingPart[]): string[] {
  if (skipped.length === 0) return [];
  const lines = skipped.map(({ file, name }) => {
    const parts = [...new Set(missing.filter((one) => one.file === file).map((one) => one.part))];
    return `  ${name}: ${parts.length > 0 ? `no ${parts.join(', ')}` : 'skipped by the test itself'}`;
  });
  const remedies = new Map(missing.map((one) => [one.part, `  ${one.part}: ${one.why}; ${one.remedy}`]));
  return ['Not run:', ...lines, ...(remedies.size > 0 ? ['Missing:', ...remedies.values()] : [])];
}
