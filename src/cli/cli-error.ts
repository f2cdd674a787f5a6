/** How a command ends: exit codes (docs/operating.md) and the one line that goes with a failure. */
import { inspect } from 'node:util'
import { NodeError } from '../primitives/errors.ts'

export const EXIT = {
  success: 0,
  /** The run failed its own checks. */
  failed: 1,
  /** Wrong option, file, key, port, network. */
  wrong: 2,
  /** The validator key must not sign. */
  refusesToSign: 3,
  contradictsCheckpoint: 4,
  disk: 5
} as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Ends the command with one line on stderr. */
export class CliError extends NodeError<{ readonly code: 'CLI'; readonly exitCode: ExitCode }> {
  constructor(message: string, exitCode: ExitCode = EXIT.wrong, options?: ErrorOptions) {
    super({ code: 'CLI', exitCode }, message, options)
  }

  get exitCode(): ExitCode {
    return this.detail.exitCode
  }
}

/** First match wins: exact codes, then families by their first word. */
const EXIT_OF_CODE: readonly (readonly [RegExp, ExitCode])[] = [
  // A node that is slow or busy is no wrong choice.
  [/^RPC_(TIMEOUT|BUSY)$/, EXIT.failed],
  [/^GUARD_KEY_FILE$/, EXIT.wrong],
  [/^GUARD_/, EXIT.refusesToSign],
  [/^CHECKPOINT_/, EXIT.contradictsCheckpoint],
  [/^STORE_(NETWORK_DIFFERS|CHAIN_DIFFERS|LOCKED|VERSION_NEWER|VERSION_OLDER)$/, EXIT.wrong],
  [/^(STORE_|KEY_FILE_UNWRITABLE$)/, EXIT.disk],
  [/^(CONFIG|KEY_FILE|RPC|NET|GENESIS)_/, EXIT.wrong]
]
const DISK_ERRNOS = new Set(['ENOSPC', 'EIO', 'EROFS', 'EDQUOT', 'EMFILE', 'ENFILE'])

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CliError) return error.exitCode
  if (!(error instanceof NodeError)) return DISK_ERRNOS.has(errnoOf(error) ?? '') ? EXIT.disk : EXIT.failed
  const { code } = (error as NodeError<{ code: string }>).detail
  // A part that did not start ends the process the way its own reason would.
  if (code === 'NODE_PART_FAILED' && error.cause !== undefined) return exitCodeOf(error.cause)
  return EXIT_OF_CODE.find(([pattern]) => pattern.test(code))?.[1] ?? EXIT.failed
}

/** The code of a failed system call. */
export const errnoOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

/** Errors whose message says all there is to say; others are followed by their causes. */
const COMPLETE = /^(CLI$|CONFIG_|KEY_FILE_|STORE_LOCKED$)/

/** The message, and those of the causes that say something new, on one line. */
export function oneLine(error: unknown): string {
  const parts: string[] = []
  for (let each: unknown = error; each !== undefined && parts.length < 4; each = causeOf(each)) {
    const text = each instanceof Error ? each.message : inspect(each)
    if (!parts.some((part) => part.includes(text))) parts.push(text)
  }
  return parts.join(': ').replaceAll(/\s*\n\s*/g, ' ')
}

function causeOf(error: unknown): unknown {
  if (error instanceof NodeError && COMPLETE.test((error as NodeError<{ code: string }>).code))
    return undefined
  return error instanceof Error ? error.cause : undefined
}
