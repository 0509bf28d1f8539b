/**
 * Where the jars of real Kafka lie (`scripts/install-interop.sh` fetches them), and our Java around them, compiled once
 * for each release and each state of the sources.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** Releases with a log layer (0.8.2.2, 1.1.1, 2.4.1) and one with the last dump tool for logs of ZooKeeper's time. */
export type KafkaRelease = '0.8.2.2' | '1.1.1' | '2.4.1' | '3.9.1'

const root = join(import.meta.dirname, '../../..')
const interop = process.env.KAFKA_TRIAL_INTEROP ?? join(root, 'node_modules/.interop')
const sources = join(import.meta.dirname, 'java')

const SOURCE_DIRECTORIES: Readonly<Record<KafkaRelease, readonly string[]>> = {
  '0.8.2.2': ['', '0.8.2.2'],
  '1.1.1': ['', 'modern', '1.1.1'],
  '2.4.1': ['', 'modern', '2.4.1'],
  '3.9.1': [''],
}

/** What keeps the real Kafka from running here, or undefined. */
export const KAFKA_MISSING = whatIsMissing()

function whatIsMissing(): string | undefined {
  for (const tool of ['java', 'javac']) if (spawnSync(tool, ['-version']).status !== 0) return tool
  for (const line of readFileSync(join(sources, 'jars.txt'), 'utf8').split('\n')) {
    const [release, coordinates] = line.split(' ')
    if (release === '#' || coordinates === undefined) continue
    const [, artifact, version] = coordinates.split(':')
    const jar = join(interop, 'kafka', release!, `${artifact}-${version}.jar`)
    if (!existsSync(jar)) return `${jar} (scripts/install-interop.sh fetches it)`
  }
  return undefined
}

/** Class path of a release with our programs, which are compiled if they are not yet. */
export function classPath(release: KafkaRelease): string {
  const jars = join(interop, 'kafka', release, '*')
  const files = SOURCE_DIRECTORIES[release].flatMap((directory) =>
    readdirSync(join(sources, directory))
      .filter((name) => name.endsWith('.java'))
      .map((name) => join(sources, directory, name)),
  )
  const digest = createHash('sha256')
  for (const file of files) digest.update(readFileSync(file))
  const classes = join(interop, 'kafka', 'classes', `${release}-${digest.digest('hex').slice(0, 16)}`)
  if (!existsSync(classes)) compile(files, jars, classes)
  return [classes, sources, jars].join(':')
}

function compile(files: readonly string[], jars: string, classes: string): void {
  mkdirSync(join(classes, '..'), { recursive: true })
  const fresh = mkdtempSync(`${classes}.`)
  const { status, stderr } = spawnSync('javac', ['-nowarn', '-Xlint:none', '-d', fresh, '-cp', jars, ...files], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`javac:\n${stderr}`)
  try {
    renameSync(fresh, classes)
  } catch (error) {
    // Another test file was quicker.
    if (!existsSync(classes)) throw error
    rmSync(fresh, { recursive: true })
  }
}
