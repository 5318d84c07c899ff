import { Argument, Command } from 'commander';
import { configJsonSchema, contractJsonSchema } from '../../config/json-schema.ts';
import { withExamples } from '../terminal/options.ts';
import { sayJson } from '../terminal/output.ts';

export function schemaCommand(): Command {
  return withExamples(new Command('schema').description('print the JSON Schema of a file, for editors'), [
    'schema config > lamplighter.schema.json',
    'schema contract',
  ])
    .addArgument(
      new Argument('<file>', 'config: lamplighter.yaml; contract: .lamplighter.yml').choices(['config', 'contract']),
    )
    .option('--json', 'it is JSON always')
    .action((file: string) => sayJson(file === 'config' ? configJsonSchema() : contractJsonSchema()));
}
