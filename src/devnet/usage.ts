/** What a process used so far, from /proc (Linux only; elsewhere nothing is known and zero is reported). */
import { readFileSync } from 'node:fs'

export interface Usage {
  /** User and system time. */
  readonly cpuUs: number
  readonly rssMiB: number
}

/** The kernel reports CPU time in hundredths of a second on every Linux that Node runs on. */
const US_PER_TICK = 10_000

/** @returns undefined for a process that is gone. */
export function usageOf(pid: number): Usage | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold spaces; utime and stime are the 14th and 15th field of the line.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const rssKiB = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]
    return {
      cpuUs: (Number(fields[11]) + Number(fields[12])) * US_PER_TICK,
      rssMiB: Math.round(Number(rssKiB ?? 0) / 1_024)
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined
    throw error
  }
}

/** CPU time and memory of one node over all its processes, as samples come in. */
export class UsageMeter {
  #endedUs = 0
  #pid: number | undefined
  #lastUs = 0
  #rssMaxMiB = 0

  sample(pid: number | undefined): void {
    if (pid !== this.#pid) {
      this.#endedUs += this.#lastUs
      this.#lastUs = 0
      this.#pid = pid
    }
    const usage = pid === undefined ? undefined : usageOf(pid)
    if (usage === undefined) return
    this.#lastUs = usage.cpuUs
    this.#rssMaxMiB = Math.max(this.#rssMaxMiB, usage.rssMiB)
  }

  get cpuUs(): number {
    return this.#endedUs + this.#lastUs
  }

  /** The highest of all samples. */
  get rssMaxMiB(): number {
    return this.#rssMaxMiB
  }
}
