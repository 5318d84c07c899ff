import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folders = [
  'activities',
  'api',
  'bench',
  'bin',
  'cli',
  'config',
  'deploy',
  'domain',
  'host',
  'playground',
  'store',
  'test',
  'ui',
  'workers',
  'workflows',
];
const source = /\.(ts|mjs|js|css|html|sh|sql)$/;
const skipped = /(^|\/)(node_modules|fixtures|histories|dist)(\/|$)/;
const longest = 400;

/** The folders of the tree that exist and hold source: a tool given a folder that is missing or empty would fail on that alone. */
export function sourceFolders(root: string): string[] {
  return folders.filter((folder) => filesIn(root, folder).some((file) => /\.(ts|mjs|js)$/.test(file)));
}

/** Of all folders, from the root. */
export function sourceFiles(root: string): string[] {
  return folders.flatMap((folder) => filesIn(root, folder));
}

function filesIn(root: string, folder: string): string[] {
  try {
    const entries = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
    return entries.map((entry) => join(folder, entry)).filter((file) => source.test(file) && !skipped.test(file));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/** A file past the limit holds two things: it is split by noun, not excused. */
export function overlongFiles(root: string): string[] {
  return sourceFiles(root)
    .map((file) => ({ file, lines: readFileSync(join(root, file), 'utf8').split('\n').length - 1 }))
    .filter(({ lines }) => lines > longest)
    .map(({ file, lines }) => `${file}: ${lines} lines, ${longest} allowed`);
}
