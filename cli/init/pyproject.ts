/** What a `pyproject.toml` and its elders say of a package: whether it must be installed, and what its tests need beside it. */
import { parse, TomlError } from 'smol-toml';
import { z } from 'zod';
import type { Folder } from './suite.ts';

const lists = z.record(z.string(), z.unknown());
const document = z.object({
  'build-system': z.object({ requires: z.array(z.string()).optional() }).optional(),
  project: z
    .object({
      dependencies: z.array(z.string()).optional(),
      'optional-dependencies': lists.optional(),
      dynamic: z.array(z.string()).optional(),
    })
    .optional(),
  'dependency-groups': lists.optional(),
  tool: z
    .object({
      poetry: z.object({ dependencies: lists.optional() }).optional(),
      pytest: z
        .object({
          ini_options: z.object({ testpaths: z.union([z.string(), z.array(z.string())]).optional() }).optional(),
        })
        .optional(),
    })
    .optional(),
});
type Document = z.infer<typeof document>;

export interface PythonPackage {
  /** Tests import what is installed, or it has dependencies of its own. */
  readonly installed: boolean;
  /** Such as `[tests]`: the extra that its tests need; empty without one. */
  readonly extra: string;
  /** A dependency group of its tests; null without one. */
  readonly group: string | null;
  /** Its version is read from tags of git, which a checkout under test does not have. */
  readonly versionFromGit: boolean;
  /** Files and folders that pytest is told to collect. */
  readonly testPaths: readonly string[];
}

/** Best first. */
const FOR_TESTS = ['tests', 'test', 'testing', 'dev'];
const VERSION_FROM_GIT = /setuptools[_-]scm|hatch-vcs|flit[_-]scm|pdm-backend.*scm|versioningit/;

export function pythonPackage(folder: Folder): PythonPackage {
  const { project, tool, ...rest } = parsed(folder.read('pyproject.toml') ?? '');
  const setup = `${folder.read('setup.py') ?? ''}\n${folder.read('setup.cfg') ?? ''}`;
  const isPackage = project !== undefined || tool?.poetry !== undefined || /\bsetup\(|^\[options\]/m.test(setup);
  const extras = { ...project?.['optional-dependencies'], ...extrasOf(folder.read('setup.cfg') ?? '') };
  const extra = FOR_TESTS.find((name) => Object.hasOwn(extras, name));
  const needs =
    extra !== undefined ||
    (project?.dependencies ?? []).length > 0 ||
    (project?.dynamic ?? []).includes('dependencies') ||
    Object.keys(tool?.poetry?.dependencies ?? {}).some((name) => name !== 'python') ||
    /install_requires\s*=\s*(?!\[\s*\])\S?/.test(setup);
  const paths = tool?.pytest?.ini_options?.testpaths ?? [];
  return {
    installed: isPackage && (needs || folder.files.some((file) => /^src\/.*\.py$/.test(file))),
    extra: extra === undefined ? '' : `[${extra}]`,
    group: FOR_TESTS.find((name) => Object.hasOwn(rest['dependency-groups'] ?? {}, name)) ?? null,
    versionFromGit: VERSION_FROM_GIT.test(`${(rest['build-system']?.requires ?? []).join(' ')} ${setup}`),
    testPaths: typeof paths === 'string' ? paths.split(/\s+/) : paths,
  };
}

/** What cannot be read says nothing: a person sees what the trial makes of it. */
function parsed(text: string): Document {
  try {
    return document.safeParse(parse(text)).data ?? {};
  } catch (error) {
    if (error instanceof TomlError) return {};
    throw error;
  }
}

function extrasOf(cfg: string): Record<string, true> {
  const section = /^\[options\.extras_require\]\n((?:(?!\[).*(?:\n|$))*)/m.exec(cfg)?.[1] ?? '';
  return Object.fromEntries([...section.matchAll(/^([\w-]+)\s*=/gm)].map(([, name]) => [name ?? '', true]));
}
