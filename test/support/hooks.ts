/** mocha swallows unhandled rejections; with this hook a lost one fails the run. */
import type { RootHookObject } from 'mocha'

const rethrow = (reason: unknown): never => {
  throw reason
}
export const mochaHooks: RootHookObject = {
  beforeAll() {
    process.off('unhandledRejection', rethrow)
    process.on('unhandledRejection', rethrow)
  }
}
