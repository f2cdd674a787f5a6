/** The services of docker-compose.yml and where their RPC is (test/unit/docker reads both). */
export interface Endpoint {
  readonly name: string
  readonly url: string
}

const FIRST_PORT = 8088
export const SERVICE_NAMES = [
  'bootstrap',
  'validator-0',
  'validator-1',
  'validator-2',
  'validator-3',
  'follower',
  'late'
] as const
export const LATE = 'late'

export const SERVICES: readonly Endpoint[] = SERVICE_NAMES.map((name, index) => ({
  name,
  url: `http://127.0.0.1:${FIRST_PORT + index}`
}))
