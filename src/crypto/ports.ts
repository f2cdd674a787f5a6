/** The crypto port: the node puts libsodium behind it, the simulator may put a keyed hash. */

export interface SignatureJob {
  readonly publicKey: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

/** Answers in the order of the jobs. Rejects only when the back end itself fails (our fault, never a peer's). */
export interface Verifier {
  verify(jobs: readonly SignatureJob[]): Promise<boolean[]>
}

export interface Signer {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** 64 bytes. */
  sign(message: Uint8Array): Uint8Array
}
