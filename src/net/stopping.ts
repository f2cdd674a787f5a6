/** Ending several things in order: what fails to end keeps nothing behind it running. */

/** Runs all, one after the other, then throws the first failure: a full disk must not leave a host with its sockets. */
export async function stopEach(stops: readonly (() => unknown)[]): Promise<void> {
  const failures: unknown[] = []
  for (const stop of stops) {
    try {
      await stop()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}
