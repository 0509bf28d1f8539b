/** `trial schema`: the JSON Schema of scenario files, for editors. */
import type { Command } from 'commander'
import { scenarioJsonSchema } from '../sim/scenario/language/index.ts'

export function register(program: Command): void {
  program
    .command('schema')
    .description('prints the JSON Schema of scenario files, for editors')
    .addHelpText('after', '\nExamples:\n  trial schema > scenario.schema.json\n')
    .action(() => {
      process.stdout.write(schema())
    })
}

export const schema = (): string => `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`
