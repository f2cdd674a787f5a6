/**
 * What processes that run a node are started with. Left alone, V8 lets the young generation of a busy node grow to
 * 128 MiB and its old one to twice what is alive before it collects, and glibc keeps an arena for each thread: 450 MiB
 * instead of 370 under full load, for no measurable difference in throughput (docs/benchmarks.md).
 */
export const V8_OPTIONS: readonly string[] = ['--max-semi-space-size=16', '--heap-growing-percent=150']
export const MEMORY_ENVIRONMENT: Readonly<Record<string, string>> = { MALLOC_ARENA_MAX: '2' }

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
