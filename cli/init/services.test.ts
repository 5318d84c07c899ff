import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Files } from './init-rig.ts';
import { findServices, type FoundServices } from './services.ts';

/** A machine that has both, whatever this one has. */
const root = mkdtempSync(join(tmpdir(), 'lamplighter-init-services-'));
afterAll(() => rmSync(root, { recursive: true }));
for (const [folder, programs] of [
  ['lib/postgresql/15/bin', ['postgres', 'initdb', 'pg_isready']],
  ['bin', ['redis-server', 'redis-cli']],
] as const) {
  mkdirSync(join(root, folder), { recursive: true });
  for (const program of programs) writeFileSync(join(root, folder, program), '');
}

function look(files: Files, machine = root): FoundServices {
  return findServices({ files: Object.keys(files), read: (path) => files[path] ?? null }, machine);
}

const node = (...dependencies: string[]): Files => ({
  'package.json': JSON.stringify({ dependencies: Object.fromEntries(dependencies.map((name) => [name, '1'])) }),
});

describe('services', () => {
  it.each([
    ['npm', node('pg')],
    ['pip', { 'requirements.txt': 'flask\npsycopg2-binary==2.9\n' }],
    ['pyproject', { 'pyproject.toml': '[project]\ndependencies = ["psycopg[binary]>=3", "x"]\n' }],
    ['go', { 'go.mod': 'module a\n\nrequire github.com/jackc/pgx/v5 v5.1.0\n' }],
    ['cargo', { 'Cargo.toml': '[dependencies]\ntokio-postgres = "0.7"\n' }],
  ])(
    'are drafted where a client stands among the dependencies of %s, and a variable in the code',
    (_from, manifest) => {
      const { services } = look({ ...manifest, 'src/db.py': "connect(os.environ['TEST_DATABASE_URL'])" });
      expect(services).toEqual([
        { kind: 'postgres', version: null, port: 5432, env: 'TEST_DATABASE_URL', database: 'app' },
      ]);
    },
  );

  it('are drafted by a compose file, with its database', () => {
    const compose = [
      'services:',
      '  db: { image: "docker.io/library/postgres:16-alpine", environment: { POSTGRES_DB: shop } }',
      '  cache: { image: "redis:7" }',
      '  web: { build: . }',
    ].join('\n');
    expect(look({ ...node('pg', 'ioredis'), 'docker-compose.yml': compose }).services).toEqual([
      { kind: 'postgres', version: null, port: 5432, env: 'DATABASE_URL', database: 'shop' },
      { kind: 'redis', port: 6379, env: 'REDIS_URL' },
    ]);
    const listed = 'services: { db: { image: postgres, environment: [POSTGRES_DB=stock] } }';
    expect(look({ ...node('pg'), 'compose.yaml': listed }).services).toMatchObject([{ database: 'stock' }]);
  });

  it('take the variable that is written most, and say that there are others', () => {
    const { services, notes } = look({
      ...node('ioredis'),
      'a.js': 'process.env.CACHE_REDIS_URL; process.env.CACHE_REDIS_URL; process.env.REDIS_URL',
    });
    expect(services).toMatchObject([{ kind: 'redis', env: 'CACHE_REDIS_URL' }]);
    expect(notes.join()).toContain('REDIS_URL="$CACHE_REDIS_URL" …');
  });

  it('are only spoken of where a client is all there is', () => {
    const { services, notes } = look(node('pg'));
    expect(services).toEqual([]);
    expect(notes.join()).toContain('add `services: [{ kind: postgres }]`');
  });

  it('that this machine lacks are not drafted, and the package is named', () => {
    const { services, notes } = look({ ...node('pg'), 'a.js': 'DATABASE_URL' }, join(root, 'empty'));
    expect(services).toEqual([]);
    expect(notes.join()).toContain('apt-get install postgresql (Debian');
  });

  it.each([
    ['no client', { ...node('express'), 'a.js': 'process.env.DATABASE_URL' }],
    ['a name that only begins like one', node('pg-minify', 'redis-parser', 'postgres-array')],
    ['a package of others', { 'vendor/a/package.json': node('pg')['package.json'] ?? '', 'a.go': 'DATABASE_URL' }],
    ['a compose file that is a template', { 'docker-compose.yml': 'services: {{ range }}\n  - x: [' }],
  ])('are not drafted for %s', (_what, files: Files) => {
    expect(look(files)).toEqual({ services: [], notes: [] });
  });
});

describe('Docker', () => {
  it.each([
    ['testcontainers of npm', node('@testcontainers/postgresql')],
    ['testcontainers of Python', { 'requirements-dev.txt': 'testcontainers[postgres]>=4\n' }],
    ['testcontainers of Go', { 'go.mod': 'require github.com/testcontainers/testcontainers-go v0.30.0\n' }],
    ['a test script', { 'package.json': '{ "scripts": { "pretest": "docker compose up -d" } }' }],
  ])('in tests is named by %s', (_by, files: Files) => {
    expect(look(files).notes.join()).toMatch(/has .*: there is no Docker in the sandbox\..*`services`/);
  });

  it('elsewhere is none of ours', () => {
    const image = '{ "scripts": { "release": "docker run x", "test": "node --test" } }';
    expect(look({ 'package.json': image, Dockerfile: 'FROM node' }).notes).toEqual([]);
  });
});
