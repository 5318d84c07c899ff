// Runs inside the sandbox, alone: node editor-script.mjs input.json. Exit code 0: done; 3: refused, the reason on stdout.
import { lstatSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { TextDecoder } from 'node:util';

class Refusal extends Error {}

const input = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const root = realpathSync(input.root);

try {
  process.stdout.write(edit());
} catch (error) {
  const known = error instanceof Refusal || (error instanceof Error && 'code' in error);
  if (!known) throw error;
  process.stdout.write(error.message);
  process.exitCode = 3;
}

function edit() {
  const path = confined(input.path);
  switch (input.command) {
    case 'view':
      return view(path);
    case 'create':
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, input.file_text);
      return `wrote ${shown(path)}, ${input.file_text.split('\n').length} lines`;
    case 'str_replace':
      return replace(path);
    case 'insert':
      return insert(path);
    default:
      throw new Refusal(`there is no command ${input.command}: use view, create, str_replace or insert`);
  }
}

/** The real path, if it and every link on the way stay in the work folder and out of `.git`. */
function confined(given) {
  const wanted = isAbsolute(given) ? resolve(given) : resolve(root, given);
  refuseGit(given, relative(root, wanted));
  const real = realOf(wanted);
  const inside = relative(root, real);
  if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
    throw new Refusal(`${given} leads out of the work folder ${root}: only paths inside it can be viewed or edited`);
  }
  refuseGit(given, inside);
  return real;
}

function refuseGit(given, inside) {
  if (inside === '.git' || inside.startsWith(`.git${sep}`))
    throw new Refusal(`${given} is git's own: use git commands`);
}

/** Real path of the nearest ancestor that is there, and the rest as given. A dangling link is refused. */
function realOf(path) {
  try {
    return realpathSync(path);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  if (isLink(path)) throw new Refusal(`${path} is a link that leads nowhere`);
  if (dirname(path) === path) throw new Refusal(`${path} is not there`);
  return join(realOf(dirname(path)), basename(path));
}

function isLink(path) {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

function view(path) {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new Refusal(missing(path));
  if (stat.isDirectory()) return listing(path, 2).join('\n');
  const lines = textOf(path).split('\n');
  const [first, last] = input.view_range ?? [1, -1];
  const end = last === -1 ? lines.length : last;
  if (first > lines.length || end < first)
    throw new Refusal(`${shown(path)} has ${lines.length} lines: there is no range ${first} to ${last}`);
  return lines
    .slice(first - 1, end)
    .map((line, index) => `${String(first + index).padStart(6)}\t${line}`)
    .join('\n');
}

function listing(dir, depth, prefix = '') {
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.name !== '.git' && entry.name !== 'node_modules')
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const name = `${prefix}${entry.name}`;
      if (!entry.isDirectory()) return [name];
      return [`${name}/`, ...(depth > 1 ? listing(join(dir, entry.name), depth - 1, `${name}/`) : [])];
    });
}

function replace(path) {
  const text = textOf(path);
  const found = text.split(input.old_str).length - 1;
  if (found === 0)
    throw new Refusal(
      `old_str does not stand in ${shown(path)}: view the file and copy the text exactly, indentation too`,
    );
  if (found > 1)
    throw new Refusal(
      `old_str stands ${found} times in ${shown(path)}: take more lines around it, so that it stands once`,
    );
  const at = text.indexOf(input.old_str);
  writeFileSync(path, `${text.slice(0, at)}${input.new_str ?? ''}${text.slice(at + input.old_str.length)}`);
  return `replaced in ${shown(path)}, at line ${text.slice(0, at).split('\n').length}`;
}

function insert(path) {
  const text = textOf(path);
  const lines = text.split('\n');
  const count = text.endsWith('\n') ? lines.length - 1 : lines.length;
  if (input.insert_line > count)
    throw new Refusal(`${shown(path)} has ${count} lines: nothing can go in after line ${input.insert_line}`);
  const added = input.insert_text.endsWith('\n') ? input.insert_text : `${input.insert_text}\n`;
  const before = lines
    .slice(0, input.insert_line)
    .map((line) => `${line}\n`)
    .join('');
  writeFileSync(path, `${before}${added}${lines.slice(input.insert_line).join('\n')}`);
  return `inserted into ${shown(path)} after line ${input.insert_line}`;
}

function textOf(path) {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new Refusal(missing(path));
  if (!stat.isFile()) throw new Refusal(`${shown(path)} is not a file`);
  if (stat.size > 5_000_000)
    throw new Refusal(`${shown(path)} has ${stat.size} bytes, too many for this tool: use shell commands`);
  try {
    // Without `fatal`, writing back what was read would destroy every byte that is not UTF-8.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
  } catch (error) {
    if (error.code !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw error;
    throw new Refusal(`${shown(path)} is not UTF-8 text: use shell commands`);
  }
}

function missing(path) {
  return `${shown(path)} is not there: view the folder, or create the file`;
}

function shown(path) {
  return relative(root, path) || '.';
}
