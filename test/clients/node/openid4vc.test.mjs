// @openid4vc/oauth2: the one independent client of the first-party-apps draft.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import {
  clientAuthenticationClientSecretBasic,
  clientAuthenticationClientSecretPost,
  clientAuthenticationNone,
  Oauth2Client,
  Oauth2ClientAuthorizationChallengeError,
  Oauth2ClientErrorResponseError,
  setGlobalConfig,
} from '@openid4vc/oauth2'
import { basic, newVerifier, plain } from './site.mjs'

setGlobalConfig({ allowInsecureUrls: true }) // plain HTTP, on loopback

const site = plain()
const scope = 'openid profile email offline_access'

const authentication = {
  client_secret_basic:
    (app) =>
    ({ headers }) =>
      headers.set('Authorization', basic(app)), // the library's own is judged below
  client_secret_post: ({ client_id, client_secret }) =>
    clientAuthenticationClientSecretPost({ clientId: client_id, clientSecret: client_secret }),
  none: ({ client_id }) => clientAuthenticationNone({ clientId: client_id }),
}

async function open(app, clientAuthentication = authentication[app.token_endpoint_auth_method](app)) {
  const library = new Oauth2Client({
    callbacks: {
      clientAuthentication,
      generateRandom: (n) => randomBytes(n),
      hash: (data, alg) => createHash(alg.replace('-', '')).update(data).digest(),
      signJwt: () => assert.fail('nothing is signed here'),
      verifyJwt: () => assert.fail('nothing is verified here'),
    },
  })
  const authorizationServerMetadata = await library.fetchAuthorizationServerMetadata(site.url)
  assert.equal(authorizationServerMetadata.authorization_challenge_endpoint, `${site.url}/oauth2/challenge`)
  return { library, authorizationServerMetadata }
}

// credentials are the person's, and what this library's schema is too old to send.
const credentials = (extra = {}) => {
  const { username, password } = site.person
  return { response_type: 'code', username, password, ...extra }
}

const refusal = (status, error) => (err) => {
  assert.ok(err instanceof Oauth2ClientAuthorizationChallengeError, err)
  assert.equal(err.response.status, status)
  assert.equal(err.errorResponse.error, error)
  return true
}

for (const name of ['basic', 'post', 'public']) {
  test(`challenge, code, refresh, app ${name}`, async () => {
    const app = site.app(name)
    const { library, authorizationServerMetadata } = await open(app)
    const { pkce, authorizationChallengeResponse } = await library.sendAuthorizationChallengeRequest({
      authorizationServerMetadata,
      scope,
      additionalRequestPayload: credentials(),
    })
    const { accessTokenResponse } = await library.retrieveAuthorizationCodeAccessToken({
      authorizationServerMetadata,
      authorizationCode: authorizationChallengeResponse.authorization_code,
      pkceCodeVerifier: pkce.codeVerifier,
    })
    assert.equal(accessTokenResponse.token_type, 'Bearer')
    const next = await library.retrieveRefreshTokenAccessToken({
      authorizationServerMetadata,
      refreshToken: accessTokenResponse.refresh_token,
    })
    assert.notEqual(next.accessTokenResponse.access_token, accessTokenResponse.access_token)
  })
}

// draft -04 §5.1: there is no redirect, neither when the code is asked for nor when
// it is redeemed.
test('a redirect URI is refused, and spoils nothing', async () => {
  const app = site.app('basic')
  const { library, authorizationServerMetadata } = await open(app)
  const redirectUri = app.redirect_uris[0]
  const challenge = (extra) =>
    library.sendAuthorizationChallengeRequest({
      authorizationServerMetadata,
      scope,
      additionalRequestPayload: credentials(),
      ...extra,
    })
  await assert.rejects(challenge({ redirectUri }), refusal(400, 'invalid_request'))
  const { pkce, authorizationChallengeResponse } = await challenge()
  const exchange = (extra) =>
    library.retrieveAuthorizationCodeAccessToken({
      authorizationServerMetadata,
      authorizationCode: authorizationChallengeResponse.authorization_code,
      pkceCodeVerifier: pkce.codeVerifier,
      ...extra,
    })
  await assert.rejects(exchange({ redirectUri }), (err) => {
    assert.ok(err instanceof Oauth2ClientErrorResponseError, err)
    assert.equal(err.errorResponse.error, 'invalid_grant')
    return true
  })
  assert.ok((await exchange()).accessTokenResponse.access_token)
})

// As shipped the library sends no response_type: it is older than draft -03.
test('as shipped: refused, unless the app is marked as one from before draft -03', async () => {
  const strict = site.app('basic')
  const loose = site.app('old')
  const send = async (app) => {
    const { library, authorizationServerMetadata } = await open(app)
    const { username, password } = site.person
    return library.sendAuthorizationChallengeRequest({
      authorizationServerMetadata,
      scope,
      additionalRequestPayload: { username, password },
    })
  }
  await assert.rejects(send(strict), refusal(400, 'invalid_request'))
  assert.ok((await send(loose)).authorizationChallengeResponse.authorization_code)
})

// The library writes its Basic header in the URL's alphabet and without padding.
// That is not RFC 7617 §2, and the standard dialect says so.
test("the library's own Basic header is refused: it is no base64", async () => {
  const { client_id: clientId, client_secret: clientSecret } = site.app('basic')
  const { library, authorizationServerMetadata } = await open(
    site.app('basic'),
    clientAuthenticationClientSecretBasic({ clientId, clientSecret }),
  )
  const send = library.sendAuthorizationChallengeRequest({
    authorizationServerMetadata,
    scope,
    additionalRequestPayload: credentials(),
  })
  await assert.rejects(send, refusal(401, 'invalid_client'))
})

test('PKCE by plain, and none at all, are refused', async () => {
  const { library, authorizationServerMetadata } = await open(site.app('basic'))
  for (const methods of [['plain'], undefined]) {
    const send = library.sendAuthorizationChallengeRequest({
      authorizationServerMetadata: { ...authorizationServerMetadata, code_challenge_methods_supported: methods },
      scope,
      pkceCodeVerifier: newVerifier(),
      additionalRequestPayload: credentials(),
    })
    await assert.rejects(send, refusal(400, 'invalid_request'))
  }
})

for (const [name, why] of [
  ['stranger', 'is not ours'],
  ['off', 'has the flow switched off'],
]) {
  test(`an app that ${why} is refused, whatever the password`, async () => {
    const { library, authorizationServerMetadata } = await open(site.app(name))
    for (const password of [site.person.password, 'another pass phrase']) {
      const send = library.sendAuthorizationChallengeRequest({
        authorizationServerMetadata,
        scope,
        additionalRequestPayload: credentials({ password }),
      })
      await assert.rejects(send, refusal(400, 'unauthorized_client'))
    }
  })
}

test('refusals are read', async () => {
  const app = site.app('public')
  const { library, authorizationServerMetadata } = await open(app)
  const send = (extra) =>
    library.sendAuthorizationChallengeRequest({
      authorizationServerMetadata,
      scope,
      ...extra,
      additionalRequestPayload: credentials(extra.additionalRequestPayload),
    })
  await assert.rejects(send({ additionalRequestPayload: { password: 'another pass phrase' } }), refusal(403, 'insufficient_authorization'))
  await assert.rejects(send({ additionalRequestPayload: { username: '', password: '' } }), refusal(403, 'insufficient_authorization'))
  await assert.rejects(send({ scope: 'no_such_scope' }), refusal(400, 'invalid_scope'))
  await assert.rejects(send({ authSession: 'nothing' }), refusal(400, 'invalid_session'))
  await assert.rejects(send({ additionalRequestPayload: { response_type: 'token' } }), refusal(400, 'unsupported_response_type'))
})
