/** What is said of a file that cannot be read. */
import type { Diagnostic } from '../sim/scenario/language/diagnostic.ts'

export function unreadable(file: string, error: NodeJS.ErrnoException): Diagnostic {
  return {
    code: 'KS001',
    severity: 'error',
    file,
    span: { line: 1, column: 1, length: 1 },
    message: `cannot read the file: ${reasons[error.code ?? ''] ?? error.message}`,
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of its path is no directory',
  EACCES: 'permission denied',
}
