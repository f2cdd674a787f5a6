/**
 * What processes that run a node are started with. Left alone, V8 lets the young generation of a busy node grow to
 * 128 MiB and its old one to four times what is alive before it collects; glibc keeps an arena for each thread, and
 * once it has seen large blocks come and go it takes them from the heap, which never shrinks past what lies above.
 * A node that synchronises 100,000 transfers holds 365 MiB with these and 500 without, for the same processor time
 * (docs/benchmarks.md).
 */
export const V8_OPTIONS: readonly string[] = ['--max-semi-space-size=8', '--heap-growing-percent=80']
/** Blocks of 128 KiB and more, frames and batches of writes, go back to the system at once. */
export const MEMORY_ENVIRONMENT: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072'
}

/**
 * Replaces this process by one with these options: same pid, same streams. Does nothing where it has them already, where
 * a parent holds a channel to it, or where the platform cannot (Windows): the node then only needs more memory.
 */
export function replaceWithOptions(environment: NodeJS.ProcessEnv): void {
  const { execArgv, execPath, argv, connected } = process
  const missing = V8_OPTIONS.filter((option) => !execArgv.includes(option))
  if (
    missing.length === 0 ||
    connected ||
    typeof process.execve !== 'function' ||
    process.platform === 'win32'
  )
    return
  // It is marked experimental, and the warning would be the first line of every log.
  process.removeAllListeners('warning')
  process.execve(execPath, [execPath, ...execArgv, ...missing, ...argv.slice(1)], {
    ...environment,
    ...MEMORY_ENVIRONMENT
  })
}
