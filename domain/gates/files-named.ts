/** Files of the tree that a command names and runs, loads or is configured by: whoever may write them decides how it comes out. Pure. */
import { isManifest } from './manifests.ts';

/** Named by commands without being scripts: what a change may well touch. */
const NOT_SCRIPTS =
  /(?:^|\/)(?:[^/]*\.(?:lock|md)|package-lock\.json|go\.(?:mod|sum)|requirements[^/]*\.txt|constraints[^/]*\.txt)$/;
const LOOKS_LIKE_TEST = /(?:[._-](?:test|spec)\.\w+|(?:^|\/)test_[^/]*|Tests?\.\w+|_(?:test|spec)\.\w+)$/;

/** What starts another program, which is the one that counts. */
const LAUNCHER =
  /^(?:npx|bunx|pnpx|npm|pnpm|yarn|bun|exec|run|dlx|-y|--yes|--no-install|--|uv|poetry|python[\d.]*|-m)$/;
/** These read the files that they are given, and run none of them. */
const READER =
  /^(?:eslint|standard|semistandard|xo|jshint|oxlint|biome|prettier|oxfmt|tsc|ruff|flake8|black|isort|mypy|pyright|pylint|py_compile|gofmt|shellcheck)$/;

/** Scripts, setup modules, plugins, configurations. Tests that the command names are not among them, nor what it only checks. */
export function filesNamed(command: string, dir: string, files: ReadonlySet<string>): string[] {
  const words = command.split(/&&|\|\||[;|\n]/).flatMap((part) => wordsThatCount(part));
  const module = words.filter((word) => /^[A-Za-z_][\w.]*$/.test(word)).map((word) => word.replaceAll('.', '/'));
  const candidates = [...words, ...module.flatMap((path) => [`${path}.py`, `${path}/__main__.py`])];
  return [...new Set(candidates.flatMap((word) => [joined(dir, word), joined('.', word)]))].filter(
    (path) => files.has(path) && !isManifest(path) && !NOT_SCRIPTS.test(path) && !LOOKS_LIKE_TEST.test(path),
  );
}

/** Of a reader, what its options name: a configuration, a plugin, a folder of rules. */
const NAMES_A_FILE =
  /^-(?:[cfpr]|-[\w-]*(?:config|rule|plugin|resolv|format|parser|project|require|import|load)[\w-]*)$/;

function wordsThatCount(part: string): string[] {
  const words = part.split(/[\s"'`&()<>=,:]+/).filter((word) => word !== '' && !word.startsWith('/'));
  const at = words.findIndex((word) => !LAUNCHER.test(word));
  const program = words[at] ?? '';
  const reads = READER.test(program) || (program === 'node' && /^(?:--check|-c)$/.test(words[at + 1] ?? ''));
  if (!reads || part.includes('$(')) return words;
  const first = program === 'node' ? at + 2 : at + 1;
  return words.filter((_, index) => index < first || (index > first && NAMES_A_FILE.test(words[index - 1] ?? '')));
}

export function joined(dir: string, word: string): string {
  const parts: string[] = [];
  for (const part of `${dir}/${word}`.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}
