/** Where something is: what all pages of result types speak of. */

export type ChainJson = 'coord' | number

/** One block of one chain. */
export interface Place {
  readonly chain: ChainJson
  readonly height: number
  readonly hash: string
}
/** The final block whose state an answer describes. */
export interface AsOf {
  readonly asOf: Place
}
