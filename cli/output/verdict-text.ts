/** The verdict of one run, for people: which guarantees broke and why, and what was expected but did not come. */
import { formatPlace } from '../../sim/scenario/language/index.ts'
import type { ExpectationResult, RunResult } from '../../sim/scenario/runner/index.ts'
import type { Painter } from '../../sim/view/index.ts'

/** Breaches of one guarantee that are told. */
const BREACHES_TOLD = 3

export function promisesText({ promises }: RunResult, painter: Painter): string {
  if (promises.watched.length === 0) return ''
  const lines = [painter.paint('caption', 'Promises')]
  for (const promise of promises.broken) {
    const verdict = promise.permitted
      ? painter.paint('warn', 'broken, permitted here')
      : painter.paint('bad', 'broken, though promised here')
    lines.push(`  ${promise.name} ${verdict}: ${promise.statement}`, `    ${promise.reason}`)
    for (const breach of promise.breaches.slice(0, BREACHES_TOLD)) lines.push(painter.paint('quiet', `    ${breach}`))
    const more = promise.count - BREACHES_TOLD
    if (more > 0) lines.push(painter.paint('quiet', `    … and ${more} more like these`))
  }
  const kept = promises.watched.length - promises.broken.length
  lines.push(`  ${promises.broken.length === 0 ? 'all' : 'the other'} ${kept} that are watched were kept`)
  return lines.join('\n')
}

export function expectationsText(result: RunResult, source: string, painter: Painter): string {
  const { expectations } = result
  const failed = expectations.filter((expectation) => !expectation.held)
  if (expectations.length === 0) return 'The scenario expects nothing in particular.'
  if (failed.length === 0) return painter.paint('good', `✔ all ${expectations.length} expectations hold`)
  const lines = [painter.paint('bad', `✘ ${failed.length} of ${expectations.length} expectations do not hold`)]
  for (const expectation of failed) lines.push('', failedText(expectation, result.scenario, source, painter))
  return lines.join('\n')
}

/** One failed expectation: where it stands in the file, what was expected and found, and how that came to be. */
function failedText(expectation: ExpectationResult, file: string, source: string, painter: Painter): string {
  const { what, expected, found, because, span } = expectation
  const lines = [formatPlace({ file, span, message: `${what}: expected ${expected}, found ${found}` }, source)]
  if (because !== undefined) lines.push(painter.paint('quiet', `  ${because}`))
  return lines.join('\n')
}
