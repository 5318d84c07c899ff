import { expect, it } from 'vitest';
import { makeRecipes } from './makefile.ts';

const MAKEFILE = `GO := go
.PHONY: all test deploy
all: test

test check: build
	sh tools/check.sh \\
	  --all
build: ; sh tools/build.sh
deploy:
	sh tools/deploy.sh
ci:
	$(MAKE) deploy
`;

it.each([
  ['the target that is asked for, and what it needs', 'make -s test', ['check.sh', 'build.sh'], ['deploy.sh']],
  ['the first target where none is named', 'make', ['check.sh', 'build.sh'], ['deploy.sh']],
  ['what a recipe makes in turn', 'cd x && make ci', ['deploy.sh'], ['check.sh']],
  ['nothing of other commands', 'go test ./...', [], ['check.sh', 'deploy.sh']],
])('make runs %s', (_what, command, runs, not) => {
  const recipes = makeRecipes(MAKEFILE, command);
  for (const script of runs) expect(recipes).toContain(script);
  for (const script of not) expect(recipes).not.toContain(script);
});
