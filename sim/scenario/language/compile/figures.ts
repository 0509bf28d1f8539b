/** What an expectation asks of figures of the whole run. */
import type { ClientPlan, FigureExpectations, Match, SourceSpan } from '../../plan.ts'
import { matchBounds, readDuration, readMatch } from '../formats.ts'
import type { Report } from '../report.ts'
import { entries, type Located } from '../source.ts'
import type { ExpectInput } from './expect.ts'
import type { Names } from './names.ts'

type Asked = Readonly<Record<string, string | number | undefined>>
type Matches<K extends string> = { readonly [F in K]?: Match }

export function compileFigures(
  node: Located<ExpectInput> | undefined,
  names: Names,
  report: Report,
): { readonly figures?: FigureExpectations } {
  const of = (name: string, place: Located<Asked>['keyPlace'], ...kinds: ReadonlyArray<ClientPlan['kind']>) =>
    names.clientNamed(name, place, ...kinds)?.name
  const figures = {
    producers: entries<Asked>(node?.field('producers') as Mapping).flatMap((one) => {
      const producer = of(one.name, one.keyPlace, 'producer', 'java-producer')
      const asked = fieldsOf(one, ['share', 'inTime', 'lost'], ['median', 'p99', 'longest'], report)
      return producer === undefined ? [] : [{ producer, ...asked }]
    }),
    backlogs: entries<Asked>(node?.field('backlogs') as Mapping).flatMap((one) => {
      const group = names.groupNamed(one.name, one.keyPlace)
      const asked = fieldsOf(one, ['peak', 'left'], ['drained'], report)
      return group === undefined ? [] : [{ group, ...asked }]
    }),
    readers: entries<Asked>(node?.field('readers') as Mapping).flatMap((one) => {
      const reader = of(one.name, one.keyPlace, 'consumer', 'old-consumer', 'group-consumer')
      const asked = fieldsOf(one, ['overtaken', 'overtakenElsewhere'], [], report)
      return reader === undefined ? [] : [{ reader, ...asked }]
    }),
  }
  return Object.values(figures).every((list) => list.length === 0) ? {} : { figures }
}

type Mapping = Located<Readonly<Record<string, Asked>>> | undefined

function fieldsOf<K extends string>(
  node: Located<Asked>,
  counts: readonly K[],
  durations: readonly K[],
  report: Report,
): Matches<K> & { readonly span: SourceSpan; readonly spans: Readonly<Record<string, SourceSpan>> } {
  const asked: { [F in K]?: Match } = {}
  const spans: Record<string, SourceSpan> = {}
  for (const key of [...counts, ...durations]) {
    const field = node.field(key) as Located<string | number> | undefined
    if (field === undefined) continue
    spans[key] = field.span
    const match = counts.includes(key) ? readMatch(field.value) : readMatch(field.value, readDuration)
    asked[key] = match
    const bounds = matchBounds(match)!
    if (bounds.low > bounds.high) {
      const why = match.is === 'range' ? 'the range runs backwards' : 'no number is that small'
      report.error('KS402', field.place, `"${key}: ${field.text}" can never hold: ${why}`)
    }
  }
  if (node.fields.size === 0) {
    const expected = [...counts, ...durations].join(', ').replace(/, (?=[^,]*$)/, ' or ')
    report.error('KS103', node.keyPlace, 'the expectation asks for nothing', { expected })
  }
  return { ...asked, span: node.wholeSpan, spans }
}
