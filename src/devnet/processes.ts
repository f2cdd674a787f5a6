/**
 * The processes of a devnet: every node is a real `icn start` of this build. The channel between parent and child
 * carries what no public surface offers (cut and heal), and its end tells a node that the devnet is gone.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { MEMORY_ENVIRONMENT, V8_OPTIONS } from '../node/v8-options.ts'
import { DevnetError } from './errors.ts'
import { MAIN } from './plan.ts'

const STOP_MS = 10_000

/** Nodes take their options from the command line and their own files alone. */
const cleanEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ICN_')))

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export class Process {
  readonly pid: number
  readonly ended: Promise<Exit>
  readonly #child: ChildProcess
  #exit: Exit | undefined
  #paused = false

  constructor(child: ChildProcess, pid: number) {
    this.#child = child
    this.pid = pid
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#exit = { code, signal }
        resolve(this.#exit)
      })
    })
    // A channel that breaks means that the process ended, which `ended` says.
    child.on('error', () => undefined)
  }

  get exit(): Exit | undefined {
    return this.#exit
  }

  get isPaused(): boolean {
    return this.#paused
  }

  send(message: object): void {
    if (this.#exit === undefined && this.#child.connected) this.#child.send(message)
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#child.on('message', listener)
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#exit === undefined) this.#child.kill(signal)
  }

  pause(): void {
    this.#paused = true
    this.signal('SIGSTOP')
  }

  resume(): void {
    this.#paused = false
    this.signal('SIGCONT')
  }

  async kill(): Promise<Exit> {
    this.signal('SIGKILL')
    return this.ended
  }

  /** SIGTERM, and SIGKILL for one that does not end within 10 s. */
  async stop(): Promise<Exit> {
    if (this.#exit !== undefined) return this.#exit
    if (this.#paused) this.resume()
    this.signal('SIGTERM')
    const waiting = new AbortController()
    const late = delay(STOP_MS, undefined, { signal: waiting.signal }).then(
      () => this.signal('SIGKILL'),
      () => undefined
    )
    const exit = await this.ended
    waiting.abort()
    await late
    return exit
  }
}

/** All processes started here die with this one, whatever ends it. */
const running = new Set<Process>()
process.on('exit', () => {
  for (const each of running) each.signal('SIGKILL')
})

export interface SpawnOptions {
  /** @default this program's entry */
  readonly script?: string
  readonly nodeOptions?: readonly string[]
  /** stdout and stderr are appended to it. @default this process's stderr */
  readonly log?: string
}

/** In a process group of its own: Ctrl-C reaches the devnet alone, which then stops its nodes in order. */
export async function spawnProcess(args: readonly string[], options: SpawnOptions = {}): Promise<Process> {
  const { script = MAIN, nodeOptions = [], log } = options
  const file = log === undefined ? undefined : openSync(log, 'a')
  const child = spawn(process.execPath, [...V8_OPTIONS, ...nodeOptions, script, ...args], {
    detached: true,
    env: { ...cleanEnvironment(), ...MEMORY_ENVIRONMENT },
    stdio: ['ignore', file ?? 2, file ?? 2, 'ipc']
  })
  if (file !== undefined) closeSync(file)
  const { pid } = child
  if (pid === undefined) {
    const [error] = await once(child)
    const detail = { code: 'DEVNET_COMMAND_FAILED', command: args[0] ?? '' } as const
    throw new DevnetError(detail, `cannot run ${process.execPath}`, { cause: error })
  }
  const started = new Process(child, pid)
  running.add(started)
  void started.ended.then(() => running.delete(started))
  return started
}

const once = (child: ChildProcess): Promise<unknown[]> =>
  new Promise((resolve) => child.once('error', (error) => resolve([error])))

export interface CommandOutput {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command of this program to its end. */
export function runCommand(args: readonly string[], signal?: AbortSignal): Promise<CommandOutput> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: cleanEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(signal === undefined ? {} : { signal })
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
}

/** @throws DevnetError with the command's own line. */
export async function mustRun(args: readonly string[]): Promise<CommandOutput> {
  const output = await runCommand(args)
  if (output.code === 0) return output
  const line = output.stderr.trim().split('\n').at(-1) ?? ''
  throw new DevnetError(
    { code: 'DEVNET_COMMAND_FAILED', command: args.join(' ') },
    line.replace(/^icn: /, '')
  )
}
