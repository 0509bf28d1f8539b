/**
 * The command `trial`: one module a subcommand, loaded only when it is asked for, so that the command starts quickly.
 * Each module exports `register(program)`, which adds its subcommand; the action sets `process.exitCode`.
 */
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { ExitCode, UserError } from './exit-code.ts'

interface CommandModule {
  register(program: Command): void
}

const commands: Readonly<Record<string, () => Promise<CommandModule>>> = {
  run: () => import('./run.ts'),
  describe: () => import('./describe.ts'),
  zk: () => import('./zk.ts'),
  log: () => import('./log/index.ts'),
  lab: () => import('./lab/index.ts'),
  validate: () => import('./validate.ts'),
  list: () => import('./list.ts'),
  schema: () => import('./schema.ts'),
  versions: () => import('./versions.ts'),
}

/** Runs the command line; the result is the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  endQuietlyOnClosedPipe(process.stdout)
  endQuietlyOnClosedPipe(process.stderr)
  const program = new Command('trial')
  program
    .description('Plays scenarios of a simulated Kafka cluster on a virtual clock, and judges them.')
    .version(packageVersion(), '-V, --version')
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({ outputError: (message, write) => write(message.replace(/^error: /, 'trial: ')) })
    .addHelpText('after', '\nExamples:\n  trial run scenarios/teach/three-message-loss.yaml\n  trial list\n')
  try {
    const wanted = args.find((arg) => !arg.startsWith('-'))
    const load = wanted !== undefined && Object.hasOwn(commands, wanted) ? [commands[wanted]!] : Object.values(commands)
    for (const command of load) (await command()).register(program)
    await program.parseAsync([...args], { from: 'user' })
    return Number(process.exitCode ?? ExitCode.Held)
  } catch (error) {
    return exitCodeOf(error)
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) {
    // Commander has printed its message already; help and version are no mistakes. No command at all is one.
    return error.exitCode === 0 ? ExitCode.Held : ExitCode.BadInput
  }
  if (error instanceof UserError) {
    process.stderr.write(`trial: ${error.message}\n`)
    return ExitCode.BadInput
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(`trial: this is a bug in the program, please report it.\n${text}\n`)
  return ExitCode.Bug
}

/** `trial run … | head` closes our output early: that is no failure. */
function endQuietlyOnClosedPipe(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(Number(process.exitCode ?? ExitCode.Held))
    throw error
  })
}

function packageVersion(): string {
  // From `dist/cli` and from `cli` (in tests) the file lies at different heights.
  for (const path of ['../../package.json', '../package.json']) {
    try {
      const found = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as {
        name?: string
        version?: string
      }
      if (found.name === 'kafka-trial' && found.version !== undefined) return found.version
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return 'unknown'
}
