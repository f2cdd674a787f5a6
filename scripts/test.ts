/**
 * `npm test`: all tests, in three processes at a time. Two of them have the networks of real nodes, which mostly wait; the
 * third computes. Each has to end by itself: an open handle is a failure. The first one's output comes as it is made, that
 * of the others behind it; the last line is `N passed, N failed`. With arguments it is mocha with these arguments:
 * `npm test -- --grep C12`.
 */
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Networks of several nodes in one process; everything else computes. */
const NETWORKS = ['dist/test/swarm/**/*.spec.js']
const ALL = 'dist/test/**/*.spec.js'
const MOCHA = fileURLToPath(import.meta.resolve('mocha/bin/mocha.js'))
const TALLY = /(\d+) passed, (\d+) failed\n$/

interface Outcome {
  readonly passed: number
  readonly failed: number
  /** Exit code; undefined: killed. */
  readonly code: number | undefined
}

/** @param write where its output goes, without the tally in its last line */
async function run(specs: readonly string[], write: (text: string) => void): Promise<Outcome> {
  const colour = process.stdout.isTTY ? ['--color'] : []
  const child = spawn(process.execPath, [MOCHA, ...colour, ...specs], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  let held = ''
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (text: string) => {
    held += text
    // The last line may be the tally, and only what comes after it says so.
    const at = held.lastIndexOf('\n', held.length - 2) + 1
    write(held.slice(0, at))
    held = held.slice(at)
  })
  const code = await new Promise<number | undefined>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => resolve(status ?? undefined))
  })
  const tally = TALLY.exec(held)
  if (tally === null) write(held)
  const [passed = 0, failed = 0] = (tally?.slice(1) ?? []).map(Number)
  return { passed, failed, code }
}

/** The first part is the longest; the halves of the networks take about the same time. */
function parts(): string[][] {
  const networks = globSync(NETWORKS).toSorted()
  const others = globSync(ALL).filter((file) => !networks.includes(file))
  const half = Math.ceil(networks.length / 2)
  return [others.toSorted(), networks.slice(0, half), networks.slice(half)]
}

/** What several write at once, one behind the other: the first that has not ended writes through. */
class Turns {
  readonly #waiting: string[] = []
  readonly #ended = new Set<number>()
  #turn = 0

  write(part: number, text: string): void {
    if (part === this.#turn) process.stdout.write(text)
    else this.#waiting[part] = (this.#waiting[part] ?? '') + text
  }

  end(part: number): void {
    this.#ended.add(part)
    while (this.#ended.has(this.#turn)) process.stdout.write(this.#waiting[++this.#turn] ?? '')
  }
}

async function runAll(): Promise<number> {
  const turns = new Turns()
  const outcomes = await Promise.all(
    parts().map((specs, part) => run(specs, (text) => turns.write(part, text)).finally(() => turns.end(part)))
  )
  const sum = (name: 'passed' | 'failed'): number => outcomes.reduce((total, part) => total + part[name], 0)
  const isSound = outcomes.every(({ passed, failed, code }) => code === 0 && failed === 0 && passed > 0)
  for (const { code, failed } of outcomes) {
    if (code !== 0 && failed === 0)
      process.stdout.write(`a part of the tests ended with ${code ?? 'a signal'}\n`)
  }
  process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed\n`)
  return isSound ? 0 : 1
}

async function runMocha(args: readonly string[]): Promise<number> {
  const isNamed = args.some((arg) => arg.endsWith('.js'))
  const child = spawn(process.execPath, [MOCHA, ...(isNamed ? args : [...args, ALL])], { stdio: 'inherit' })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => resolve(status ?? 1))
  })
}

const args = process.argv.slice(2)
process.exitCode = args.length === 0 ? await runAll() : await runMocha(args)
