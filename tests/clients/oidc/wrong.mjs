// A provider that can do wrong: the code says how, and the nonce. Nobody signs in here; the test brings codes itself.
import { constants, createHmac, generateKeyPairSync, sign } from "node:crypto";
import { createServer } from "node:http";

const rsa = (modulusLength = 2048) => generateKeyPairSync("rsa", { modulusLength });
const keys = {
  first: rsa(),
  second: rsa(),
  short: rsa(1024),
  encrypting: rsa(),
  curve: generateKeyPairSync("ec", { namedCurve: "P-256" }),
  edwards: generateKeyPairSync("ed25519"),
  stranger: rsa(),
};
let published = ["first", "short", "encrypting", "curve", "edwards"];
const used = new Set();

const server = createServer();
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const issuer = `http://127.0.0.1:${server.address().port}`;

const jwk = (kid) => ({ ...keys[kid].publicKey.export({ format: "jwk" }), kid, use: kid === "encrypting" ? "enc" : "sig" });
const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

const ALGORITHMS = {
  RS256: (text, key) => sign("sha256", text, key),
  PS256: (text, key) => sign("sha256", text, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }),
  ES256: (text, key) => sign("sha256", text, { key, dsaEncoding: "ieee-p1363" }),
  EdDSA: (text, key) => sign(null, text, key),
};

function token(claims, { kid = "first", key = kid, alg = "RS256", header = {} } = {}) {
  const text = `${part({ alg, kid, ...header })}.${part(claims)}`;
  return `${text}.${ALGORITHMS[alg](Buffer.from(text), keys[key].privateKey).toString("base64url")}`;
}

/** What comes for a code; all but the first lines are wrong in one way. */
function answer(how, nonce) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, aud: "fuelcell", sub: "248", nonce, iat: now, exp: now + 300, groups: ["readers"], preferred_username: "rea" };
  const without = (name) => Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name));
  const secret = JSON.stringify(jwk("first"));
  const made = {
    right: () => token(claims),
    "right PS256": () => token(claims, { alg: "PS256" }),
    "right ES256": () => token(claims, { kid: "curve", alg: "ES256" }),
    "right EdDSA": () => token(claims, { kid: "edwards", alg: "EdDSA" }),
    "right azp": () => token({ ...claims, aud: ["fuelcell"], azp: "fuelcell" }),
    "right rotated": () => token(claims, { kid: "second" }),
    "right other tenant": () => token({ ...claims, sub: "249", groups: ["strangers"] }),
    "right administrator": () => token({ ...claims, sub: "250", groups: ["administrators"] }),
    nobody: () => token({ ...claims, groups: [] }),
    nonce: () => token({ ...claims, nonce: "another" }),
    "no nonce": () => token(without("nonce")),
    audience: () => token({ ...claims, aud: "another" }),
    "more audiences": () => token({ ...claims, aud: ["fuelcell", "another"] }),
    "no audience": () => token(without("aud")),
    party: () => token({ ...claims, azp: "another" }),
    issuer: () => token({ ...claims, iss: "https://login.example.com" }),
    "no issuer": () => token(without("iss")),
    expired: () => token({ ...claims, iat: now - 600, exp: now - 300 }),
    "no expiry": () => token(without("exp")),
    "expiry as text": () => token({ ...claims, exp: String(now + 300) }),
    "not yet": () => token({ ...claims, nbf: now + 600 }),
    "given later": () => token({ ...claims, iat: now + 600 }),
    "no subject": () => token(without("sub")),
    unsigned: () => `${part({ alg: "none" })}.${part(claims)}.`,
    "unsigned with a key": () => `${part({ alg: "none", kid: "first" })}.${part(claims)}.AAAA`,
    "shared secret": () => {
      const text = `${part({ alg: "HS256", kid: "first" })}.${part(claims)}`;
      return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
    },
    changed: () => {
      const [header, , signature] = token(claims).split(".");
      return `${header}.${part({ ...claims, groups: ["operators"] })}.${signature}`;
    },
    "another key": () => token(claims, { key: "stranger" }),
    "unknown key": () => token(claims, { kid: "stranger" }),
    "key of its own": () => token(claims, { kid: "stranger", header: { jwk: jwk("stranger"), jku: `${issuer}/strangers` } }),
    "short key": () => token(claims, { kid: "short" }),
    "key for encryption": () => token(claims, { kid: "encrypting" }),
    "critical header": () => token(claims, { header: { crit: ["x"], x: true } }),
    "no token": () => "no token",
  }[how];
  return made && made();
}

const form = (body) => new URLSearchParams(body);
const json = (response, status, value) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));

server.on("request", async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  switch (request.url) {
    case "/.well-known/openid-configuration":
      return json(response, 200, {
        issuer,
        authorization_endpoint: `${issuer}/auth`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        end_session_endpoint: `${issuer}/end`,
      });
    case "/jwks":
      return json(response, 200, { keys: [{ kty: "unknown" }, ...published.map(jwk)] });
    case "/rotate":
      published = ["second"];
      return response.end();
    case "/token": {
      const code = form(body).get("code");
      const [how, nonce] = code.split("~");
      const shown = Buffer.from(request.headers.authorization?.slice("Basic ".length) ?? "", "base64").toString().split(":");
      const [id, secret] = shown.map((text) => decodeURIComponent(text.replaceAll("+", " ")));
      const known = id === "fuelcell" && secret === process.env.CLIENT_SECRET && form(body).get("code_verifier")?.length === 43;
      if (!known || used.has(code) || how === "refused") {
        return json(response, 400, { error: "invalid_grant", error_description: "the code\u202e is <b>used</b>\n" });
      }
      used.add(code);
      if (how === "endless") return response.writeHead(200).end("x".repeat(1 << 20));
      if (how === "page") return response.writeHead(200).end("<html>");
      return json(response, 200, { access_token: "a", token_type: "Bearer", id_token: answer(how, nonce) });
    }
    default:
      return json(response, 404, {});
  }
});
console.log(`the provider is ${issuer}`);
