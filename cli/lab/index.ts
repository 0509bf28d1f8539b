/** `trial lab …`: experiments on this machine. */
import type { Command } from 'commander'
import { register as registerWhyFast } from './why-fast/why-fast.ts'

const examples = `
Examples:
  trial lab why-fast
  trial lab why-fast --json
`

export function register(program: Command): void {
  const lab = program.command('lab').description('experiments on this machine: why-fast').addHelpText('after', examples)
  registerWhyFast(lab)
}
