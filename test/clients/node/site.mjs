// Where the judges stand: outside. The server is known by its address, the apps by
// what `countersign app create` printed, the person by name and password.
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'

// Site is one server with its seeds.
class Site {
  constructor(kind) {
    this.url = process.env[`CLIENTS_${kind}_URL`]
    this.dir = process.env[`CLIENTS_${kind}_DIR`]
    if (!this.url || !this.dir) throw new Error('there is no server to judge: start these tests by test/clients/run')
  }

  // app is what app create printed of an app.
  app(name) {
    return JSON.parse(readFileSync(`${this.dir}/seed/${name}.json`, 'utf8'))
  }

  get person() {
    return { ...this.app('person'), password: process.env.CLIENTS_PASSWORD }
  }

  // code logs the person in at the challenge endpoint, for libraries that do not
  // know it. What is in extra is added.
  async code(app, verifier, extra = {}) {
    const { username, password } = this.person
    const body = new URLSearchParams({
      client_id: app.client_id,
      response_type: 'code',
      scope: 'openid profile email offline_access',
      code_challenge: challenge(verifier),
      code_challenge_method: 'S256',
      username,
      password,
      ...extra,
    })
    const headers = {}
    if (app.token_endpoint_auth_method === 'client_secret_basic') headers.authorization = basic(app)
    if (app.token_endpoint_auth_method === 'client_secret_post') body.set('client_secret', app.client_secret)
    const res = await fetch(`${this.url}/oauth2/challenge`, { method: 'POST', headers, body })
    const answer = await res.json()
    if (res.status !== 200) throw new Error(`challenge: ${res.status} ${JSON.stringify(answer)}`)
    return answer
  }

  // salesforceCode logs the person in at the authorize endpoint of the Salesforce
  // dialect and does not follow the redirection.
  async salesforceCode(app, verifier) {
    const { username, password } = this.person
    const res = await fetch(`${this.url}/services/oauth2/authorize`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'Auth-Request-Type': 'Named-User' },
      body: new URLSearchParams({
        response_type: 'code_credentials',
        client_id: app.client_id,
        redirect_uri: app.redirect_uris[0],
        code_challenge: challenge(verifier),
        username,
        password,
      }),
    })
    if (res.status !== 302) throw new Error(`authorize: ${res.status} ${await res.text()}`)
    return new URL(res.headers.get('location')).searchParams.get('code')
  }
}

export const plain = () => new Site('PLAIN')
export const tls = () => new Site('TLS')

export const newVerifier = () => randomBytes(32).toString('base64url')
export const challenge = (verifier) => createHash('sha256').update(verifier).digest('base64url')

// basic is the app's credentials as a header: form-encoded, then base64.
export const basic = ({ client_id, client_secret }) =>
  'Basic ' + Buffer.from(`${encodeURIComponent(client_id)}:${encodeURIComponent(client_secret)}`).toString('base64')

// soon asks until the answer is yes: within a second, and two more for a busy
// machine.
export async function soon(ask) {
  for (const end = Date.now() + 3000; Date.now() < end; ) {
    if (await ask()) return true
    await new Promise((done) => setTimeout(done, 50))
  }
  return false
}
