/**
 * Test files of the base that do not load on the change: of a feature that it removes, say. Where one of them stops the
 * whole run (pytest, Go), what the others say is not known until they run without it. Pure.
 */
import { testIdText, type TestOutcome } from './outcome.ts';

/** Those of `paths` that a load failure names. One that is named wrongly costs the change a test, and never hides one. */
export function unloadablePaths(outcomes: readonly TestOutcome[], paths: readonly string[], dir: string): string[] {
  const texts = outcomes
    .filter((one) => one.failure === 'load')
    .map((one) => `${testIdText(one.id)}\n${one.detail}`.replaceAll('\\', '/'));
  const named = (text: string, words: (path: string) => string): string[] =>
    paths.filter((path) => holds(text, words(path)));
  return [
    ...new Set(
      texts.flatMap((text) => {
        const whole = named(text, (path) => inside(path, dir));
        if (whole.length > 0) return whole;
        // pytest names a module, and Go a file within its package.
        const module = named(text, (path) =>
          inside(path, dir)
            .replace(/\.\w+$/, '')
            .replaceAll('/', '.'),
        );
        return module.length > 0 ? module : named(text, (path) => path.slice(path.lastIndexOf('/') + 1));
      }),
    ),
  ].toSorted();
}

function inside(path: string, dir: string): string {
  const folder = dir.replace(/^\.\/?|\/$/g, '');
  return folder !== '' && path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path;
}

/** As a whole word: `a_test.go` is not in `data_test.go`. */
function holds(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const before = text[at - 1] ?? ' ';
    const after = text[at + word.length] ?? ' ';
    if (!/[\w.-]/.test(before) && !/[\w-]/.test(after)) return true;
  }
  return false;
}
