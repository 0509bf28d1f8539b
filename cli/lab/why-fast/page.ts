/** The report as one HTML file: chart, figures, explanation. */
import { chartOf, escaped } from './chart.ts'
import type { Experiment } from './experiment.ts'
import { explanation } from './explanation.ts'
import { amount, times } from './words.ts'

export function pageOf(experiments: readonly Experiment[], machine: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Why Kafka is fast</title>
<style>
body { font: 15px/1.55 system-ui, sans-serif; max-width: 980px; margin: 2rem auto; padding: 0 1rem; color: #222; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.05rem; margin: 1.6rem 0 .3rem; }
svg { max-width: 100%; height: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: right; padding: .2rem .6rem; border-bottom: 1px solid #e5e5e5; font-variant-numeric: tabular-nums; }
th { font-weight: 600; } th:first-child, td:first-child { text-align: left; } td:last-child { color: #666; }
.note, .machine { color: #666; font-size: .9rem; }
</style>
</head>
<body>
<h1>Why Kafka is fast</h1>
${explanation.map((paragraph) => `<p>${escaped(paragraph)}</p>`).join('\n')}
${chartOf(experiments)}
${experiments.map(sectionOf).join('\n')}
<p class="machine">${escaped(machine)}</p>
</body>
</html>
`
}

function sectionOf({ title, shows, without, with: kafka, figures, note }: Experiment): string {
  const rows = figures.map(
    (figure) =>
      `<tr><td>${escaped(figure.what)}</td><td>${amount(figure.without, figure.unit)}</td><td>${amount(figure.with, figure.unit)}</td><td>${times(figure)}</td><td>${figure.how}</td></tr>`,
  )
  return `<h2>${escaped(title)} (${shows.join(', ')})</h2>
<table>
<tr><th></th><th>${escaped(without)}</th><th>${escaped(kafka)}</th><th>saves</th><th></th></tr>
${rows.join('\n')}
</table>
<p class="note">${escaped(note)}</p>`
}
