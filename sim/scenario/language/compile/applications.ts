/** What an expectation asks of the applications of a group: what they lost, what they did twice, how much they did. */
import type { ApplicationExpectation, MessagesMatch, SourceSpan } from '../../plan.ts'
import { matchBounds, readMatch } from '../formats.ts'
import type { Report } from '../report.ts'
import { entries, type Located, listed } from '../source.ts'
import type { ExpectInput } from './expect.ts'
import type { Names } from './names.ts'

type ApplicationInput = NonNullable<ExpectInput['applications']>[string]
type Asked = string | number | readonly (string | number)[]

export function compileApplications(
  node: Located<Record<string, ApplicationInput>> | undefined,
  names: Names,
  report: Report,
): readonly ApplicationExpectation[] {
  return entries<ApplicationInput>(node).flatMap((one) => compileApplication(one, names, report))
}

function compileApplication(
  node: Located<ApplicationInput>,
  names: Names,
  report: Report,
): readonly ApplicationExpectation[] {
  const group = names.groupNamed(node.name, node.keyPlace)
  const spans: Record<string, SourceSpan> = {}
  for (const [key, field] of node.fields) spans[key] = field.span
  const asked = (key: 'lost' | 'repeated'): { readonly [K in typeof key]?: MessagesMatch } => {
    const field = node.field(key) as Located<Asked> | undefined
    return field === undefined ? {} : { [key]: messagesOf(field, names, report) }
  }
  const processed = node.field('processed')
  if (node.fields.size === 0) {
    report.error('KS103', node.keyPlace, 'the expectation asks for nothing', {
      expected: 'lost, repeated or processed',
    })
  }
  if (group === undefined) return []
  return [
    {
      span: node.wholeSpan,
      group,
      ...asked('lost'),
      ...asked('repeated'),
      ...(processed === undefined ? {} : { processed: amountOf(processed, report) }),
      spans,
    },
  ]
}

/** A number of messages, or their names. */
function messagesOf(node: Located<Asked>, names: Names, report: Report): MessagesMatch {
  if (!Array.isArray(node.value)) return { amount: amountOf(node as Located<string | number>, report) }
  const messages = listed<string | number>(node as Located<readonly (string | number)[]>)
  return { messages: messages.flatMap((one) => names.message(one) ?? []) }
}

function amountOf(node: Located<string | number>, report: Report) {
  const match = readMatch(node.value)
  const bounds = matchBounds(match)!
  if (bounds.low > bounds.high) {
    const why = match.is === 'range' ? 'the range runs backwards' : 'no number is that small'
    report.error('KS402', node.place, `"${node.name}: ${node.text}" can never hold: ${why}`)
  }
  return match
}
