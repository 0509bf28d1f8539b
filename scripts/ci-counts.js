/**
 * The last line of a CI run: adds up what the test runners wrote and prints `tests: N passed, N failed, N skipped`.
 * A step that failed outside the runners, and a report that is missing, count as one failed test each.
 * Usage: node scripts/ci-counts.js FAILED_STEPS REPORT.json…
 */
import { existsSync, readFileSync } from 'node:fs'

const [failedSteps, ...reports] = process.argv.slice(2)
let passed = 0
let failed = 0
let skipped = 0
for (const report of reports) {
  if (!existsSync(report)) {
    console.log(`no report at ${report}`)
    failed++
    continue
  }
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(readFileSync(report, 'utf8'))
  passed += numPassedTests
  failed += numFailedTests
  skipped += numPendingTests + numTodoTests
}
if (failed === 0 && failedSteps !== '0') failed = 1
console.log(`tests: ${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exit(failed === 0 && passed > 0 ? 0 : 1)
