/** Runs the command line as its own process, as a user does. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))

export interface CliRun {
  readonly code: number | null
  readonly stdout: string
  /** Lines without the last newline. */
  readonly stderr: readonly string[]
}

/** The environment has no ICN_ variable but the given ones. */
export function icn(
  args: readonly string[],
  { cwd, env = {}, input = '' }: { cwd: string; env?: Record<string, string>; input?: string }
): Promise<CliRun> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('ICN_'))
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd,
      env: { ...Object.fromEntries(inherited), ...env },
      stdio: ['pipe', 'pipe', 'pipe']
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.once('error', reject)
    child.once('close', (code) => {
      resolve({ code, stdout, stderr: stderr === '' ? [] : stderr.replace(/\n$/, '').split('\n') })
    })
    child.stdin.end(input)
  })
}
