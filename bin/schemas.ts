/** `npm run schemas`: writes docs/schema anew from the schemas that the code checks with. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PUBLISHED } from '../config/json-schema.ts';

const files = Object.entries(PUBLISHED).map(([name, schema]) => {
  const file = fileURLToPath(new URL(`../docs/schema/${name}`, import.meta.url));
  writeFileSync(file, JSON.stringify(schema(), null, 2));
  return file;
});
const format = fileURLToPath(new URL('../node_modules/oxfmt/bin/oxfmt', import.meta.url));
execFileSync(process.execPath, [format, ...files], { stdio: 'inherit' });
