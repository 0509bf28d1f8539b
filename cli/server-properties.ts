/**
 * `--server-properties FILE`: a real broker's configuration. `trial run` lays it over every broker of the scenario; a
 * command without a scenario loads it alone.
 */
import { readFileSync } from 'node:fs'
// Not through the folder's index: `trial log` would load the whole language of scenarios, 25 MB and half a second.
import { formatDiagnostic } from '../sim/scenario/language/diagnostic.ts'
import {
  loadServerProperties,
  type PropertiesFile,
  type ServerProperties,
} from '../sim/scenario/language/server-properties.ts'
import type { PresetName } from '../src/versions.ts'
import { unreadable } from './unreadable.ts'

/** The file's content; undefined, after saying why, if it cannot be read. */
export function readPropertiesFile(file: string): PropertiesFile | undefined {
  try {
    // Java takes the bytes of a properties file for ISO 8859-1.
    return { file, text: readFileSync(file, 'latin1') }
  } catch (error) {
    process.stderr.write(`${formatDiagnostic(unreadable(file, error as NodeJS.ErrnoException), '')}\n`)
    return undefined
  }
}

/** What a broker of the release makes of the file; undefined, after saying why, if it would not start with it. */
export function serverProperties(file: string, preset: PresetName): ServerProperties | undefined {
  const read = readPropertiesFile(file)
  if (read === undefined) return undefined
  const { properties, diagnostics, failed } = loadServerProperties(read, preset)
  for (const diagnostic of diagnostics) process.stderr.write(`${formatDiagnostic(diagnostic, read.text)}\n`)
  return failed ? undefined : properties
}
