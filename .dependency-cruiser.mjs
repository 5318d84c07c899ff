/** The arrows of the tree: who may import whom. Imports for their types alone count too: what two files share stands in a third. */
const test = '\\.(test|deep)\\.ts$';
const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** From the ground up: each may need those before it, and app, routes and pages may need all. */
const ROOMS_OF_API = ['views', 'http', 'repos', 'standing', 'caps', 'auth', 'runs', 'issues', 'status', 'streams'];

export default {
  forbidden: [
    rule('no-unresolved', 'An import that leads nowhere.', {}, { couldNotResolve: true }),
    rule('no-circles', 'A circle of files is one file in pieces.', {}, { circular: true }),
    rule(
      'domain-alone',
      'domain/ is pure: it imports nothing but itself.',
      { path: '^domain/', pathNot: test },
      { pathNot: '^domain/' },
    ),
    rule(
      'config-alone',
      'Effects are configured; configuration knows none of them.',
      { path: '^config/', pathNot: test },
      { path: '^(activities|workflows|workers|api|cli|store|ui)/' },
    ),
    rule(
      'workflows-narrow',
      'Workflow code is replayed: domain/, the SDK for workflows, and types of activities (the linter sees to "types").',
      { path: '^workflows/', pathNot: test },
      { pathNot: '^(workflows|domain|activities)/|node_modules/@temporalio/(workflow|common)/' },
    ),
    rule(
      'workers-alone',
      'workers/ is wiring; nobody imports it.',
      { pathNot: '^(workers|test|bench)/' },
      { path: '^workers/' },
    ),
    rule('cli-alone', 'cli/ speaks HTTP; nobody imports it.', { pathNot: '^(cli|test|bench)/' }, { path: '^cli/' }),
    rule(
      'api-for-ui-types-only',
      'ui/ may take types from api/ (the linter sees to "types"); nobody else imports it but its own wiring.',
      { pathNot: '^(api|ui|workers|cli|test|bench)/' },
      { path: '^api/' },
    ),
    ...ROOMS_OF_API.map((room, at) =>
      rule(
        `api-${room}`,
        'Rooms of the api need each other one way.',
        { path: `^api/${room}/`, pathNot: test },
        { path: `^api/(${[...ROOMS_OF_API.slice(at + 1).map((one) => `${one}/`), '[^/]+\\.ts$'].join('|')})` },
      ),
    ),
    rule(
      'ui-narrow',
      'ui/ knows nothing of the server but the types of its API.',
      { path: '^ui/', pathNot: test },
      { path: '^(domain|workflows|activities|workers|cli|config|store|host)/' },
    ),
    rule(
      'cli-over-http',
      '`up`, `init`, `doctor` and `breakglass` excepted, the CLI speaks HTTP.',
      { path: '^cli/', pathNot: `${test}|^cli/(up|init|breakglass)/` },
      { path: '^(workflows|activities|store)/' },
    ),
    rule(
      'breakglass-apart',
      'The breakglass worker and the command of a person alone hold what can power-cycle a machine.',
      { pathNot: '^(activities/breakglass/|workers/breakglass|cli/breakglass/|bench/verb|test/)' },
      { path: '^activities/breakglass/' },
    ),
    rule(
      'product-without-tests',
      'Product code does not import tests.',
      { pathNot: `^test/|^bin/test|^bench/|${test}|^vitest\\.config` },
      { path: `^test/|${test}` },
    ),
  ],
  options: {
    parser: 'swc',
    exclude: { path: '(^|/)fixtures/' },
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
