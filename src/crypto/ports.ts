/** The crypto port: the node puts libsodium behind it, the simulator may put a keyed hash. */

export interface SignatureJob {
  readonly publicKey: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

export interface VerifyOptions {
  /** Consensus waits for the answer: goes ahead of everything that is not urgent. @default false */
  readonly urgent?: boolean
  /**
   * Much, and nobody waits for one answer: comes after everything else, and threads are given enough of it to go on
   * while this one is busy. @default false
   */
  readonly bulk?: boolean
}

/** Answers in the order of the jobs. Rejects only when the back end itself fails (our fault, never a peer's). */
export interface Verifier {
  verify(jobs: readonly SignatureJob[], options?: VerifyOptions): Promise<boolean[]>
}

export interface Signer {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** 64 bytes. */
  sign(message: Uint8Array): Uint8Array
}

/** SHA-256 of 64 bytes, written into `output` from `at` on; the input may lie in it. */
export type PairHash = (pair: Uint8Array, output: Uint8Array, at: number) => void
