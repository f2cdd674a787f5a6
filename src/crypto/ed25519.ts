/** Ed25519 by the back end that the package's import conditions choose; both accept the same set (CRY-1 … CRY-3). */
export { createSigningFunction, publicKeyFromSeed, signWithSeed, verify } from '#ed25519'
