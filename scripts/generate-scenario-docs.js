/** Writes docs/scenarios.md and docs/scenario.schema.json from the language itself. `npm run docs` builds first. */
import { writeFileSync } from 'node:fs'
import { scenarioDocs, scenarioJsonSchema } from '../dist/sim/scenario/language/index.js'

const write = (path, text) => writeFileSync(new URL(`../docs/${path}`, import.meta.url), text)

write('scenarios.md', scenarioDocs())
write('scenario.schema.json', `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`)
