/** `trial log …`: looks at the files of logs, those of simulated brokers and those that real ones wrote. */
import type { Command } from 'commander'
import { register as registerCat } from './cat.ts'
import { register as registerDump } from './dump.ts'
import { register as registerLookup } from './lookup.ts'
import { register as registerRepair } from './repair.ts'
import { register as registerVerify } from './verify.ts'

const examples = `
Examples:
  trial log dump data/broker-1/orders-0 --deep
  trial log verify data/broker-1
  trial log lookup data/broker-1/orders-0 --offset 17 --explain
  trial log cat data/broker-1/orders-0 --from 100 --max 10
  trial log repair /var/lib/kafka/orders-0
`

export function register(program: Command): void {
  const log = program
    .command('log')
    .description('looks at the files of a log: dump, verify, lookup, cat, repair')
    .addHelpText('after', examples)
  for (const add of [registerDump, registerVerify, registerLookup, registerCat, registerRepair]) add(log)
}
