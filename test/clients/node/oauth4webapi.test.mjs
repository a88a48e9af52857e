// oauth4webapi: the strictest OAuth client there is.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as oauth from 'oauth4webapi'
import { newVerifier, plain, soon, tls } from './site.mjs'

const site = plain()
const insecure = { [oauth.allowInsecureRequests]: true } // plain HTTP, on loopback
const nonce = oauth.generateRandomNonce()

async function discover(algorithm, at = site, options = insecure) {
  const issuer = new URL(at.url)
  return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { ...options, algorithm }))
}

// authentication is what the library does for each method.
const authentication = {
  client_secret_basic: (app) => oauth.ClientSecretBasic(app.client_secret),
  client_secret_post: (app) => oauth.ClientSecretPost(app.client_secret),
  none: () => oauth.None(),
}
const proof = (app) => authentication[app.token_endpoint_auth_method](app)

// redeem exchanges a code of the challenge endpoint. There is no redirect in it,
// which the library's own function for codes demands; its function for the answer
// checks what it checks after a login in a browser.
async function redeem(as, app, extra = {}, at = site, options = insecure) {
  const client = { client_id: app.client_id, ...extra }
  const verifier = newVerifier()
  const answer = await at.code(app, verifier, { nonce })
  const callback = new URLSearchParams({ code: answer.authorization_code, iss: answer.iss })
  const code = oauth.validateAuthResponse(as, client, callback, oauth.expectNoState).get('code')
  const response = await oauth.genericTokenEndpointRequest(
    as,
    client,
    proof(app),
    'authorization_code',
    { code, code_verifier: verifier },
    options,
  )
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, response, {
    expectedNonce: nonce,
    requireIdToken: true,
  })
  await oauth.validateApplicationLevelSignature(as, response, options)
  return { client, tokens }
}

for (const algorithm of ['oauth2', 'oidc']) {
  test(`metadata by ${algorithm} discovery`, async () => {
    const as = await discover(algorithm)
    assert.equal(as.issuer, site.url)
    assert.ok(as.code_challenge_methods_supported.includes('S256'))
    for (const name of ['token', 'introspection', 'revocation', 'userinfo', 'authorization_challenge']) {
      assert.ok(as[`${name}_endpoint`].startsWith(`${site.url}/oauth2/`), name)
    }
  })
}

test('both metadata documents say the same', async () => {
  assert.deepEqual(await discover('oauth2'), await discover('oidc'))
})

for (const name of ['basic', 'post', 'public', 'rs256']) {
  test(`code and ID token, app ${name}`, async () => {
    const as = await discover('oauth2')
    const app = site.app(name)
    const extra = name === 'rs256' ? { id_token_signed_response_alg: 'RS256' } : { id_token_signed_response_alg: 'ES256' }
    const { client, tokens } = await redeem(as, app, extra)
    assert.equal(tokens.token_type, 'bearer')
    assert.ok(tokens.expires_in > 0 && tokens.refresh_token)
    const claims = oauth.getValidatedIdTokenClaims(tokens)
    assert.equal(claims.sub, site.person.id)
    assert.equal(claims.nonce, nonce)
    const response = await oauth.refreshTokenGrantRequest(as, client, proof(app), tokens.refresh_token, insecure)
    const next = await oauth.processRefreshTokenResponse(as, client, response)
    assert.notEqual(next.refresh_token, tokens.refresh_token)
  })
}

test('an ID token by another algorithm than registered is refused', async () => {
  const as = await discover('oauth2')
  await assert.rejects(redeem(as, site.app('basic'), { id_token_signed_response_alg: 'RS256' }))
})

test('userinfo', async () => {
  const as = await discover('oidc')
  const { client, tokens } = await redeem(as, site.app('basic'))
  const { sub } = oauth.getValidatedIdTokenClaims(tokens)
  const response = await oauth.userInfoRequest(as, client, tokens.access_token, insecure)
  const info = await oauth.processUserInfoResponse(as, client, sub, response)
  assert.equal(info.email, site.person.email)
  assert.equal(info.email_verified, true)
})

test('userinfo with a bad token: a challenge that the library reads', async () => {
  const as = await discover('oidc')
  const app = site.app('basic')
  const client = { client_id: app.client_id }
  const response = await oauth.userInfoRequest(as, client, 'nothing', insecure)
  await assert.rejects(oauth.processUserInfoResponse(as, client, oauth.skipSubjectCheck, response), (err) => {
    assert.ok(err instanceof oauth.WWWAuthenticateChallengeError)
    assert.equal(err.status, 401)
    assert.equal(err.cause[0].scheme, 'bearer')
    assert.equal(err.cause[0].parameters.error, 'invalid_token')
    return true
  })
})

// A resource that believes access tokens by RFC 9068.
test('an access token at a resource', async () => {
  const as = await discover('oauth2')
  const { client, tokens } = await redeem(as, site.app('basic'))
  const request = (token) => new Request('https://api.example/', { headers: { authorization: `Bearer ${token}` } })
  const claims = await oauth.validateJwtAccessToken(as, request(tokens.access_token), site.url, insecure)
  assert.equal(claims.client_id, client.client_id)
  assert.equal(claims.sub, site.person.id)
  await assert.rejects(oauth.validateJwtAccessToken(as, request(tokens.access_token), 'https://other.example', insecure))
  await assert.rejects(oauth.validateJwtAccessToken(as, request(tokens.id_token), client.client_id, insecure))
})

for (const name of ['basic', 'opaque']) {
  test(`introspection and revocation, app ${name}`, async () => {
    const as = await discover('oauth2')
    const app = site.app(name)
    const { client, tokens } = await redeem(as, app)
    const introspect = async (token) => {
      const response = await oauth.introspectionRequest(as, client, proof(app), token, insecure)
      return oauth.processIntrospectionResponse(as, client, response)
    }
    for (const token of [tokens.access_token, tokens.refresh_token]) {
      const answer = await introspect(token)
      assert.equal(answer.active, true)
      assert.equal(answer.client_id, app.client_id)
      assert.equal(answer.sub, site.person.id)
    }
    assert.deepEqual(await introspect('nothing'), { active: false })
    const response = await oauth.revocationRequest(as, client, proof(app), tokens.refresh_token, insecure)
    await oauth.processRevocationResponse(response)
    for (const token of [tokens.access_token, tokens.refresh_token]) {
      assert.ok(await soon(async () => !(await introspect(token)).active), 'it is alive after the revocation')
    }
  })
}

test('another app learns nothing of a token, and ends none', async () => {
  const as = await discover('oauth2')
  const app = site.app('basic')
  const other = site.app('opaque')
  const { tokens } = await redeem(as, app)
  const introspect = async (by, token) => {
    const client = { client_id: by.client_id }
    const response = await oauth.introspectionRequest(as, client, proof(by), token, insecure)
    return oauth.processIntrospectionResponse(as, client, response)
  }
  for (const token of [tokens.access_token, tokens.refresh_token]) {
    assert.deepEqual(await introspect(other, token), { active: false })
    const response = await oauth.revocationRequest(as, { client_id: other.client_id }, proof(other), token, insecure)
    await oauth.processRevocationResponse(response).catch(() => {}) // refused or passed over: it is alive afterwards
    assert.equal((await introspect(app, token)).active, true)
  }
})

test('revocation by a public app, and of nothing', async () => {
  const as = await discover('oauth2')
  const app = site.app('public')
  const { client, tokens } = await redeem(as, app)
  for (const token of [tokens.access_token, tokens.refresh_token, 'nothing']) {
    await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, oauth.None(), token, insecure))
  }
  const response = await oauth.refreshTokenGrantRequest(as, client, oauth.None(), tokens.refresh_token, insecure)
  await assert.rejects(oauth.processRefreshTokenResponse(as, client, response), { error: 'invalid_grant', status: 400 })
})

// refusal is how the library reads an error response.
const refusal = (status, error) => (err) => {
  assert.ok(err instanceof oauth.ResponseBodyError || err instanceof oauth.WWWAuthenticateChallengeError, err)
  assert.equal(err.status, status)
  const seen = err instanceof oauth.ResponseBodyError ? err.error : err.cause[0].parameters.error
  if (seen !== undefined) assert.equal(seen, error)
  return true
}

test('error responses', async () => {
  const as = await discover('oauth2')
  const app = site.app('basic')
  const client = { client_id: app.client_id }
  const ask = async (grant, params, by = proof(app), who = client) =>
    oauth.processGenericTokenEndpointResponse(
      as,
      who,
      await oauth.genericTokenEndpointRequest(as, who, by, grant, params, insecure),
    )
  await assert.rejects(ask('authorization_code', { code: 'csc1_nothing' }), refusal(400, 'invalid_grant'))
  await assert.rejects(ask('authorization_code', {}), refusal(400, 'invalid_request'))
  await assert.rejects(ask('refresh_token', { refresh_token: 'csr1_nothing' }), refusal(400, 'invalid_grant'))
  await assert.rejects(ask('password', { username: 'ann', password: 'x' }), refusal(400, 'unsupported_grant_type'))
  await assert.rejects(ask('refresh_token', { refresh_token: 'x', scope: 'two\\words' }), refusal(400, 'invalid_scope'))
  const code = { code: 'csc1_nothing' }
  await assert.rejects(ask('authorization_code', code, oauth.ClientSecretBasic('wrong')), refusal(401, 'invalid_client'))
  await assert.rejects(ask('authorization_code', code, oauth.None()), refusal(401, 'invalid_client'))
  await assert.rejects(ask('authorization_code', code, oauth.None(), { client_id: 'nobody' }), refusal(401, 'invalid_client'))
})

test('the Salesforce dialect answers as a token endpoint should', async () => {
  const as = { ...(await discover('oauth2')), token_endpoint: `${site.url}/services/oauth2/token` }
  const app = site.app('salesforce')
  const client = { client_id: app.client_id, id_token_signed_response_alg: 'RS256' }
  const verifier = newVerifier()
  const code = await site.salesforceCode(app, verifier)
  const params = oauth.validateAuthResponse(as, client, new URLSearchParams({ code }), oauth.expectNoState)
  const response = await oauth.authorizationCodeGrantRequest(
    as,
    client,
    proof(app),
    params,
    app.redirect_uris[0],
    verifier,
    insecure,
  )
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, response, { requireIdToken: true })
  await oauth.validateApplicationLevelSignature(as, response, insecure)
  assert.equal(oauth.getValidatedIdTokenClaims(tokens).sub, tokens.id)
})

// Without the switch for plain HTTP, and with a certificate that Node was told of.
test('over TLS', async () => {
  const at = tls()
  const as = await discover('oidc', at, {})
  const { client, tokens } = await redeem(as, at.app('basic'), {}, at, {})
  const response = await oauth.userInfoRequest(as, client, tokens.access_token)
  assert.equal((await oauth.processUserInfoResponse(as, client, at.person.id, response)).sub, at.person.id)
})
