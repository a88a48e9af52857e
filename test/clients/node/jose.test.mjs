// jose: a resource that believes our tokens by our published keys, and by nothing
// else.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { basic, newVerifier, plain } from './site.mjs'

const site = plain()

async function login(app) {
  const verifier = newVerifier()
  const { authorization_code: code } = await site.code(app, verifier)
  const res = await fetch(`${site.url}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: basic(app) },
    body: new URLSearchParams({ grant_type: 'authorization_code', code, code_verifier: verifier }),
  })
  assert.equal(res.status, 200)
  return res.json()
}

for (const [name, alg] of [
  ['basic', 'ES256'],
  ['rs256', 'RS256'],
]) {
  test(`access and ID tokens by ${alg}`, async () => {
    const app = site.app(name)
    const tokens = await login(app)
    const keys = createRemoteJWKSet(new URL(`${site.url}/oauth2/jwks`))
    const expected = { issuer: site.url, algorithms: [alg] }
    const access = await jwtVerify(tokens.access_token, keys, {
      ...expected,
      audience: site.url,
      typ: 'at+jwt',
      requiredClaims: ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'], // RFC 9068 §2.2
    })
    assert.equal(access.payload.client_id, app.client_id)
    assert.equal(access.payload.scope, tokens.scope)
    const id = await jwtVerify(tokens.id_token, keys, { ...expected, audience: app.client_id, subject: site.person.id })
    assert.notEqual(decodeProtectedHeader(tokens.id_token).typ, 'at+jwt')
    // neither passes for the other
    await assert.rejects(jwtVerify(tokens.id_token, keys, { ...expected, typ: 'at+jwt' }))
    await assert.rejects(jwtVerify(tokens.access_token, keys, { ...expected, audience: app.client_id }))
    // nor does a changed one pass at all
    const [head, , signature] = tokens.access_token.split('.')
    const forged = Buffer.from(JSON.stringify({ ...access.payload, sub: 'somebody else' })).toString('base64url')
    await assert.rejects(jwtVerify(`${head}.${forged}.${signature}`, keys, expected), { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' })
    assert.ok(id.payload.auth_time <= id.payload.iat)
  })
}

test('the Salesforce dialect publishes the same keys', async () => {
  const [a, b] = await Promise.all(['/oauth2/jwks', '/id/keys'].map(async (path) => (await fetch(site.url + path)).json()))
  assert.deepEqual(a.keys.map((k) => k.kid).sort(), b.keys.map((k) => k.kid).sort())
  for (const key of [...a.keys, ...b.keys]) {
    for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) assert.ok(!(member in key), `the private member ${member} is published`)
  }
})
