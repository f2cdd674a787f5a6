/** What a check found: one line each, bounded per bucket so that one lost file does not print a million lines. */

export interface Finding {
  readonly directory: string
  /** `node`, `coord`, `0`, …. */
  readonly database: string
  readonly bucket: string
  /** Height, epoch or key; empty if the finding is about the whole bucket. */
  readonly at: string
  readonly problem: string
}

export const findingLine = ({ directory, database, bucket, at, problem }: Finding): string =>
  `${directory}: ${database} ${bucket}${at === '' ? '' : ` ${at}`}: ${problem}`

/** Says what is wrong in one database. */
export type Report = (bucket: string, at: string | number, problem: string) => void

const LISTED_PER_BUCKET = 100

export class FindingLog {
  readonly #findings: Finding[] = []
  readonly #counts = new Map<string, { readonly sample: Finding; count: number }>()

  of(directory: string, database: string): Report {
    return (bucket, at, problem) => {
      this.#add({ directory, database, bucket, at: String(at), problem })
    }
  }

  /** In the order they were found; what was not listed is counted at the end. */
  get all(): readonly Finding[] {
    const more = [...this.#counts.values()]
      .filter(({ count }) => count > LISTED_PER_BUCKET)
      .map(({ sample, count }) => ({
        ...sample,
        at: '',
        problem: `${count - LISTED_PER_BUCKET} more findings are not listed`
      }))
    return [...this.#findings, ...more]
  }

  #add(finding: Finding): void {
    const key = JSON.stringify([finding.directory, finding.database, finding.bucket])
    const entry = this.#counts.get(key) ?? { sample: finding, count: 0 }
    entry.count += 1
    this.#counts.set(key, entry)
    if (entry.count <= LISTED_PER_BUCKET) this.#findings.push(finding)
  }
}
