import { describe, expect, it } from 'vitest';
import { parseContract } from './contract.ts';

const FILE = '.lamplighter.yml';

function errorsOf(text: string): string {
  const parsed = parseContract(text, FILE);
  if (parsed.ok) throw new Error('the contract was accepted');
  return parsed.errors.join('\n');
}

const CHECK = 'checks:\n  - name: unit\n    test: npm test\n    report: junit\n    globs: ["**/*.test.js"]\n';

describe('parseContract', () => {
  it('fills in what a check leaves out', () => {
    const parsed = parseContract(CHECK, FILE);

    expect(parsed).toEqual({
      ok: true,
      contract: {
        checks: [
          {
            name: 'unit',
            dir: '.',
            when: [],
            always: false,
            setup: null,
            test: 'npm test',
            report: 'junit',
            globs: ['**/*.test.js'],
            minimum: 1,
            timeoutSeconds: 600,
          },
        ],
        toolchain: [],
        network: [],
        services: [],
        secrets: [],
        protected: [],
        push: 'direct',
        build: [],
      },
    });
  });

  it('takes a check that runs whatever changed', () => {
    const parsed = parseContract(`${CHECK}    when: [web/**]\n    always: true\n`, FILE);

    expect(parsed).toMatchObject({ ok: true, contract: { checks: [{ when: ['web/**'], always: true }] } });
  });

  it('fills in what a service leaves out', () => {
    const parsed = parseContract(`${CHECK}services: [{ kind: postgres }, { kind: redis, port: 6400 }]\n`, FILE);

    expect(parsed).toMatchObject({
      ok: true,
      contract: {
        services: [
          { kind: 'postgres', version: null, port: 5432, env: 'DATABASE_URL', database: 'app' },
          { kind: 'redis', port: 6400, env: 'REDIS_URL' },
        ],
      },
    });
  });

  it.each([
    ['no checks', 'checks: []', ':1:1: checks: '],
    ['an empty file', '', ':1:1: checks: is missing: expected a list'],
    ['a misspelt key', `${CHECK}netwrok: [a.test]\n`, ':6:1: netwrok: unknown key'],
    ['a misspelt key of a check', `${CHECK}    minimun: 3\n`, ':6:5: checks[0].minimun: unknown key'],
    [
      'a missing report',
      CHECK.replace(/ {4}report.*\n/, ''),
      'checks[0].report: is missing: expected "junit" or "tap"',
    ],
    ['a report that nobody reads', CHECK.replace('junit', 'subunit'), ':4:5: checks[0].report: '],
    ['a folder outside the repo', `${CHECK}    dir: ../other\n`, ':6:5: checks[0].dir: must stay inside the repo'],
    ['an absolute folder', `${CHECK}    dir: /etc\n`, 'must stay inside the repo'],
    [
      'two checks of one name',
      `${CHECK}${CHECK.slice('checks:\n'.length)}`,
      ':6:5: checks[1].name: "unit" is used by another check',
    ],
    [
      'a URL instead of a host',
      `${CHECK}network: ["https://a.test/x"]\n`,
      ':6:11: network[0]: must be a whole host name',
    ],
    ['a wildcard', `${CHECK}network: ["*.a.test"]\n`, ':6:11: network[0]: must be a whole host name'],
    [
      'a service of another kind',
      `${CHECK}services: [{ kind: mysql }]\n`,
      ':6:14: services[0].kind: expected "postgres" or "redis"',
    ],
    [
      'a version of redis',
      `${CHECK}services: [{ kind: redis, version: 7 }]\n`,
      'services[0].version: unknown key: correct or remove it',
    ],
    [
      'a database whose name would be read as something else',
      `${CHECK}services: [{ kind: postgres, database: "a'b" }]\n`,
      'services[0].database: must be lower case letters',
    ],
    [
      'two services of one port and one variable',
      `${CHECK}services: [{ kind: redis }, { kind: redis }]\n`,
      'services[1]: port 6379 is used by another service',
    ],
    [
      "a service on the proxy's port",
      `${CHECK}services: [{ kind: redis, port: 3128 }]\n`,
      'services[0].port: port 3128 is the way to the network inside',
    ],
    [
      'a service under a variable that is set already',
      `${CHECK}services: [{ kind: redis, env: PATH }]\n`,
      'services[0].env: PATH is set by Lamplighter itself',
    ],
    ['a secret named twice', `${CHECK}secrets: [A, A]\n`, ':6:14: secrets[1]: A is named twice'],
    ['a secret that is set already', `${CHECK}secrets: [LD_PRELOAD]\n`, 'secrets[0]: LD_PRELOAD is set by Lamplighter'],
    [
      "a secret under a service's variable",
      `${CHECK}services: [{ kind: redis }]\nsecrets: [REDIS_URL]\n`,
      ":7:11: secrets[0]: REDIS_URL is a service's address already",
    ],
    ['a tab for indentation', 'checks:\n\t- name: a', ':2:1: '],
    [
      'aliases that multiply',
      `a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c]\n`,
      ':1:1: ',
    ],
  ])('refuses %s, naming its place', (_case, text, expected) => {
    expect(errorsOf(text)).toContain(expected);
  });
});
