/** The command that plays one run again, alone. */
import { shellWord } from './next-steps.ts'

export function replayCommand(
  file: string,
  seed: number,
  options: { readonly set: readonly string[]; readonly protocol?: string; readonly serverProperties?: string },
): string {
  const words = ['trial', 'run', file, '--seed', String(seed)]
  for (const override of options.set) words.push('--set', override)
  if (options.serverProperties !== undefined) words.push('--server-properties', options.serverProperties)
  if (options.protocol !== undefined) words.push('--protocol', options.protocol)
  return words.map(shellWord).join(' ')
}
