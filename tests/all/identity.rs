//! Sign-in by OpenID Connect: by a real provider in a real browser, and by one that does everything wrong.

use fuelcell_tests::project::{text, token};
use fuelcell_tests::provider::{CLIENT_SECRET, Provider};
use fuelcell_tests::{Answer, Client, Project, Server, built, eventually};
use serde_json::{Value, json};
use std::fs;
use std::process::Command;
use std::time::Duration;
use uuid::Uuid;

/// Where the rules give roles.
const TENANT: &str = "00000000-0000-4000-8000-00000000000a";
const PROJECT: &str = "00000000-0000-4000-8000-00000000000b";
const OTHER_TENANT: &str = "00000000-0000-4000-8000-00000000000c";
const CALLBACK: &str = "/api/session/callback";
const SAME: (&str, &str) = ("sec-fetch-site", "same-origin");

fn rules() -> String {
    let of = |value: &str, role: &str, place: &str| {
        format!(r#"{{claim="groups",value="{value}",role="{role}"{place}}}"#)
    };
    let project = format!(r#",tenant="{TENANT}",project="{PROJECT}""#);
    let rules = [
        of("operators", "operator", ""),
        of("administrators", "administrator", &format!(r#",tenant="{TENANT}""#)),
        of("runners", "submitter", &project),
        of("readers", "viewer", &project),
        of("strangers", "viewer", &format!(r#",tenant="{OTHER_TENANT}""#)),
        of("lost", "viewer", r#",tenant="00000000-0000-4000-8000-0000000000ff""#),
    ];
    format!("[{}]", rules.join(","))
}

/// The settings of a server whose people sign in by this provider.
fn settings(issuer: &str) -> Vec<(&'static str, String)> {
    vec![
        ("OIDC__ISSUER", issuer.into()),
        ("OIDC__CLIENT_ID", "fuelcell".into()),
        ("OIDC_CLIENT_SECRET", CLIENT_SECRET.into()),
        ("OIDC__LABEL", "Example".into()),
        ("OIDC__SCOPES", r#"["profile","email","groups"]"#.into()),
        ("OIDC__ALLOW_NETWORKS", r#"["127.0.0.0/8"]"#.into()),
        ("OIDC__RULES", rules()),
    ]
}

fn started(settings: &[(&str, String)], more: &[(&str, &str)]) -> Server {
    let settings = settings.iter().map(|(name, value)| (*name, &value[..]));
    let server = Server::start_set(&settings.chain(more.iter().copied()).collect::<Vec<_>>());
    let operator = server.operator();
    for id in [TENANT, OTHER_TENANT] {
        operator.post("/api/admin/tenants", &json!({"name": id, "id": id})).ok();
        let project = if id == TENANT { PROJECT } else { OTHER_TENANT };
        let body = json!({"name": "a project", "id": project});
        operator.post(&format!("/api/admin/tenants/{id}/projects"), &body).ok();
    }
    server
}

fn project(server: &Server) -> Project {
    let token = token(&server.operator(), "administrator", TENANT, Some(PROJECT));
    let client = server.client(Some(&token));
    Project { client, tenant: TENANT.into(), project: PROJECT.into(), token }
}

/// A sign-in that a browser has begun.
struct Begun {
    state: String,
    nonce: String,
    cookie: String,
}

/// A parameter of a URL. None of those that are looked at holds what is escaped.
fn parameter<'a>(url: &'a str, name: &str) -> &'a str {
    let pairs = url.split_once('?').unwrap().1.split('&').filter_map(|pair| pair.split_once('='));
    pairs.into_iter().find(|(known, _)| *known == name).map(|(_, value)| value).unwrap()
}

/// The cookie of this name that an answer sets.
fn cookie(answer: &Answer, name: &str) -> Option<String> {
    let cookies = answer.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
    cookies.into_iter().find(|cookie| cookie.starts_with(&format!("{name}="))).map(str::to_owned)
}

fn pair(cookie: &str) -> String {
    cookie.split(';').next().unwrap().to_owned()
}

fn begin(server: &Server) -> Begun {
    let answer =
        server.client(None).send("POST", "/api/session/provider", &[SAME, ("origin", server.base())], &[]);
    let url = text(&answer.ok(), "url");
    for (name, value) in
        [("response_type", "code"), ("code_challenge_method", "S256"), ("client_id", "fuelcell")]
    {
        assert_eq!(parameter(&url, name), value, "{url}");
    }
    assert!(parameter(&url, "scope").starts_with("openid+") && parameter(&url, "code_challenge").len() == 43);
    let kept = cookie(&answer, "fuelcell-sign-in").unwrap();
    for word in ["; Path=/api/session;", "; HttpOnly;", "; SameSite=Lax;", "; Max-Age=600"] {
        assert!(kept.contains(word), "{kept}");
    }
    let own = |name| parameter(&url, name).to_owned();
    Begun { state: own("state"), nonce: own("nonce"), cookie: pair(&kept) }
}

/// Comes back from the provider as a browser does.
fn come_back(server: &Server, query: &str, cookie: &str) -> Answer {
    let headers = [
        ("cookie", cookie),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
    ];
    server.client(None).send("GET", &format!("{CALLBACK}?{query}"), &headers, &[])
}

/// Signs in with a code of the provider that does as the code says.
fn with_code(server: &Server, how: &str) -> Answer {
    let begun = begin(server);
    let code = format!("{}~{}", how.replace(' ', "+"), begun.nonce);
    come_back(server, &format!("code={code}&state={}", begun.state), &begun.cookie)
}

/// The session of an answer, which goes to the dashboard and to nowhere else.
fn session(server: &Server, answer: &Answer) -> String {
    assert_eq!((answer.status, answer.header("location")), (303, &format!("{}/", server.base())[..]));
    let Some(session) = cookie(answer, "fuelcell-session") else {
        panic!("{:?} {:?}", answer.headers, failure(server, answer))
    };
    for word in ["; Path=/;", "; HttpOnly;", "; SameSite=Strict;", "; Expires="] {
        assert!(session.contains(word), "{session}");
    }
    assert!(cookie(answer, "fuelcell-sign-in").unwrap().contains("Max-Age=0"));
    pair(&session)
}

/// What the page is told of a sign-in that failed: once, and by the browser's cookie alone.
fn failure(server: &Server, answer: &Answer) -> (String, String) {
    assert_eq!((answer.status, answer.header("location")), (303, &format!("{}/", server.base())[..]));
    assert_eq!(cookie(answer, "fuelcell-session"), None);
    let note = pair(&cookie(answer, "fuelcell-sign-in-failure").unwrap());
    let told = server.client(None).send("GET", "/api/session/provider", &[("cookie", &note), SAME], &[]);
    assert!(cookie(&told, "fuelcell-sign-in-failure").unwrap().contains("Max-Age=0"));
    let failure = told.ok()["failure"].clone();
    (text(&failure, "code"), text(&failure, "detail"))
}

/// Asks in a session.
fn ask(server: &Server, method: &str, path: &str, session: &str, body: &Value) -> Answer {
    let headers = [("cookie", session), SAME, ("content-type", "application/json")];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    server.client(None).send(method, path, &headers, body.as_bytes())
}

#[test]
fn people_sign_in_by_a_real_provider_and_may_what_the_rules_give() {
    let groups = json!({"ann": ["everybody", "runners"], "rea": ["readers"], "olga": ["operators"]});
    let provider = Provider::start("provider.mjs", &[("MEMBERSHIPS", &groups.to_string())]);
    let server = started(&settings(provider.issuer()), &[]);
    let output = Command::new("node")
        .arg(built::source("tests/clients/dashboard/identity.mjs"))
        .env("FUELCELL_URL", server.base())
        .env("FUELCELL_TENANT", TENANT)
        .env("FUELCELL_PROJECT", PROJECT)
        .env("PROVIDER", provider.issuer())
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(printed.contains("people come and go"), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
    let audit = server.operator().get("/api/admin/audit").text();
    assert!(audit.contains(&format!("ann, ann@example.com (ann at {})", provider.issuer())), "{audit}");
    assert!(!server.log().contains(CLIENT_SECRET));
}

#[test]
fn what_a_provider_says_wrongly_signs_nobody_in() {
    let provider = Provider::start("wrong.mjs", &[]);
    let server = started(&settings(provider.issuer()), &[("API__AUTH_FAILURES_PER_MINUTE", "10000")]);
    for right in ["right", "right PS256", "right ES256", "right EdDSA", "right azp"] {
        session(&server, &with_code(&server, right));
    }
    for (how, said) in [
        ("nonce", "another sign-in"),
        ("no nonce", "another sign-in"),
        ("audience", "another client"),
        ("more audiences", "for others"),
        ("no audience", "for whom"),
        ("party", "another client"),
        ("issuer", "another issuer"),
        ("no issuer", "by whom"),
        ("expired", "expired"),
        ("no expiry", "how long"),
        ("expiry as text", "it "),
        ("not yet", "not hold yet"),
        ("given later", "a time to come"),
        ("no subject", "of whom"),
        ("unsigned", "no token"),
        ("unsigned with a key", "no token"),
        ("shared secret", "not signed with a key"),
        ("changed", "signature"),
        ("another key", "signature"),
        ("unknown key", "no key"),
        ("key of its own", "no key"),
        ("short key", "signature"),
        ("key for encryption", "no key"),
        ("critical header", "no valid token"),
        ("no token", "no token"),
    ] {
        let (code, detail) = failure(&server, &with_code(&server, how));
        assert_eq!(code, "IdentityNotAccepted", "{how}: {detail}");
        assert!(detail.contains(said), "{how}: {detail}");
    }
    for (how, code, said) in [
        ("refused", "ProviderRefused", "invalid_grant: the code is <b>used</b>"),
        ("endless", "ProviderUnavailable", "more than 262144 bytes"),
        ("page", "ProviderUnavailable", "no ID token"),
        ("nobody", "NoRole", "no rule of this server"),
    ] {
        let (found, detail) = failure(&server, &with_code(&server, how));
        assert!(found == code && detail.contains(said), "{how}: {found} {detail}");
    }
}

#[test]
fn keys_that_are_exchanged_are_found_and_strange_ones_are_not_looked_for_all_the_time() {
    let provider = Provider::start("wrong.mjs", &[]);
    let server = started(&settings(provider.issuer()), &[]);
    session(&server, &with_code(&server, "right"));
    assert_eq!(failure(&server, &with_code(&server, "right rotated")).0, "IdentityNotAccepted");
    let other = started(&settings(provider.issuer()), &[]);
    session(&other, &with_code(&other, "right"));
    Client::new(provider.issuer(), None).send("POST", "/rotate", &[], &[]);
    session(&other, &with_code(&other, "right rotated"));
    // It was asked a moment ago.
    assert_eq!(failure(&server, &with_code(&server, "right rotated")).0, "IdentityNotAccepted");
    assert_eq!(failure(&other, &with_code(&other, "right")).0, "IdentityNotAccepted", "a key that is gone");
}

#[test]
fn a_sign_in_ends_once_in_the_browser_that_began_it() {
    let provider = Provider::start("wrong.mjs", &[]);
    let server = started(&settings(provider.issuer()), &[]);
    let (own, other) = (begin(&server), begin(&server));
    let code = format!("right~{}", own.nonce);
    let expired = format!("{}.1", own.cookie.rsplit_once('.').unwrap().0);
    for (state, cookie) in [
        (&own.state[..], ""),
        ("", &own.cookie[..]),
        ("wrong", &own.cookie),
        (&other.state, &own.cookie),
        (&own.state, &other.cookie),
        (&own.state, &expired),
    ] {
        // Neither the session, nor the sign-in that is under way, nor what the page tells is another then.
        let answer = come_back(&server, &format!("code={code}&state={state}"), cookie);
        assert_eq!((answer.status, answer.header("location")), (303, &format!("{}/", server.base())[..]));
        assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 0, "{state} {cookie}");
    }
    let twice = format!("code={code}&code={code}&state={}", own.state);
    assert_eq!(failure(&server, &come_back(&server, &twice, &own.cookie)).0, "SignInExpired");
    let foreign = format!("code={code}&state={}&iss=https://login.example.com", own.state);
    assert_eq!(failure(&server, &come_back(&server, &foreign, &own.cookie)).0, "IdentityNotAccepted");
    // A page of somebody else can neither begin one nor load the end of one.
    let begin_by = |headers: &[(&str, &str)]| {
        server.client(None).send("POST", "/api/session/provider", headers, &[]).problem(403).0
    };
    assert_eq!(begin_by(&[("sec-fetch-site", "cross-site")]), "CrossSite");
    let elsewhere = [SAME, ("origin", "http://localhost:1")];
    let refused = server.client(None).send("POST", "/api/session/provider", &elsewhere, &[]);
    let (code_of_refusal, detail) = refused.problem(400);
    assert!(code_of_refusal == "WrongAddress" && detail.contains(server.base()), "{detail}");
    let right = format!("code={code}&state={}&iss={}", own.state, provider.issuer());
    let framed = [("cookie", &own.cookie[..]), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
    let framed = server.client(None).send("GET", &format!("{CALLBACK}?{right}"), &framed, &[]);
    assert_eq!(framed.problem(403).0, "CrossSite");
    // The provider's own words are text, and a note that this server did not write is none.
    let said = "error=access_denied&error_description=%3Cscript%3Ealert(1)%3C/script%3E%0Ano";
    let (word, detail) =
        failure(&server, &come_back(&server, &format!("{said}&state={}", own.state), &own.cookie));
    assert_eq!(word, "ProviderRefused");
    assert!(detail.ends_with("access_denied: <script>alert(1)</script>no"), "{detail}");
    let forged = [("cookie", "fuelcell-sign-in-failure=eyJjb2RlIjoieCJ9.AAAA"), SAME];
    let told = server.client(None).send("GET", "/api/session/provider", &forged, &[]).ok();
    assert_eq!(told, json!({"label": "Example", "failure": null}));
    session(&server, &come_back(&server, &right, &own.cookie));
    assert_eq!(failure(&server, &come_back(&server, &right, &own.cookie)).0, "ProviderRefused", "used");
    let log = server.log();
    for secret in [&own.state, &own.nonce, &own.cookie, CLIENT_SECRET] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
}

#[test]
fn a_person_may_what_was_given_and_nothing_that_outlasts_it() {
    let provider = Provider::start("wrong.mjs", &[]);
    let server = started(&settings(provider.issuer()), &[]);
    let project = project(&server);
    let reader = session(&server, &with_code(&server, "right"));
    let who = ask(&server, "GET", "/api/session", &reader, &Value::Null).ok();
    assert_eq!(who["subject"], format!("rea (248 at {})", provider.issuer()));
    assert_eq!(
        (&who["role"], &who["tenantId"], &who["projectId"]),
        (&json!("viewer"), &json!(TENANT), &json!(PROJECT))
    );
    let sign_out = format!("{}/end?client_id=fuelcell", provider.issuer());
    assert_eq!(who["identityProvider"], json!({"label": "Example", "signOutUrl": sign_out}));
    let jobs = project.path("execution/jobs");
    assert_eq!(ask(&server, "GET", &jobs, &reader, &Value::Null).status, 200);
    let dataset = project.path(&format!("datasets/{}?name=a.csv", Uuid::new_v4()));
    assert_eq!(ask(&server, "PUT", &dataset, &reader, &json!({})).problem(403).0, "Forbidden");
    let foreign = [("cookie", &reader[..]), ("sec-fetch-site", "cross-site")];
    assert_eq!(server.client(None).send("GET", &jobs, &foreign, &[]).problem(403).0, "CrossSite");
    let again = ask(&server, "POST", "/api/session", &reader, &Value::Null);
    assert_eq!(again.problem(400).0, "TokenNeeded", "no session begins with a session");
    // Of another tenant nothing is there, in both directions.
    let stranger = session(&server, &with_code(&server, "right other tenant"));
    assert_eq!(ask(&server, "GET", &jobs, &stranger, &Value::Null).problem(404).0, "NotFound");
    let others = format!("/api/{OTHER_TENANT}/{OTHER_TENANT}/execution/jobs");
    assert_eq!(ask(&server, "GET", &others, &stranger, &Value::Null).status, 200);
    assert_eq!(ask(&server, "GET", &others, &reader, &Value::Null).problem(404).0, "NotFound");
    // What would stand for an administrator later takes a token.
    let administrator = session(&server, &with_code(&server, "right administrator"));
    let holder = json!({"role": "viewer", "tenantId": TENANT, "projectId": PROJECT, "expiresInSeconds": 1});
    for (path, name) in [("/api/admin/tokens", "subject"), ("/api/admin/application-passwords", "userName")] {
        let mut wanted = holder.clone();
        wanted[name] = json!("ci");
        let (code, detail) = ask(&server, "POST", path, &administrator, &wanted).problem(400);
        assert!(code == "TokenNeeded" && detail.contains("make it with a token"), "{path}: {code} {detail}");
    }
    let schedule = json!({"cron": "0 6 * * *", "timeZone": "Europe/Berlin"});
    let pipeline = json!({"name": "Each morning", "jobType": "ProcessMining", "schedule": schedule});
    let path = project.path(&format!("pipelines/{}", Uuid::new_v4()));
    assert_eq!(ask(&server, "PUT", &path, &administrator, &pipeline).problem(400).0, "TokenNeeded");
    // The log says who it was.
    let audit = ask(&server, "GET", "/api/admin/audit", &administrator, &Value::Null).ok();
    let entries = audit["entries"].as_array().unwrap();
    let signed_in = entries.iter().filter(|entry| entry["action"] == format!("GET {CALLBACK}"));
    let subjects: Vec<_> = signed_in.map(|entry| entry["subject"].as_str().unwrap()).collect();
    assert_eq!(subjects.len(), 2, "{audit:#}");
    assert!(subjects.iter().all(|subject| subject.ends_with(&format!("at {})", provider.issuer()))));
}

#[test]
fn a_session_of_a_person_outlasts_the_server_and_ends_by_a_sign_out_or_other_rules() {
    let provider = Provider::start("wrong.mjs", &[]);
    let own = settings(provider.issuer());
    let mut server = started(&own, &[]);
    let reader = session(&server, &with_code(&server, "right"));
    let stranger = session(&server, &with_code(&server, "right other tenant"));
    assert!(server.terminate());
    server.restart();
    let status =
        |server: &Server, session: &str| ask(server, "GET", "/api/session", session, &Value::Null).status;
    assert_eq!([&reader, &stranger].map(|session| status(&server, session)), [200, 200]);
    // Signing out ends one session, or all of the person, and no other's.
    let second = session(&server, &with_code(&server, "right"));
    assert_eq!(ask(&server, "DELETE", "/api/session", &second, &Value::Null).status, 204);
    assert_eq!([&reader, &second].map(|session| status(&server, session)), [200, 401]);
    let third = session(&server, &with_code(&server, "right"));
    assert_eq!(ask(&server, "DELETE", "/api/session?everywhere=true", &third, &Value::Null).status, 204);
    assert_eq!([&reader, &third, &stranger].map(|session| status(&server, session)), [401, 401, 200]);
    assert!(server.terminate());
    let other = rules().replace("strangers", "guests");
    let others =
        own.iter().map(|(name, value)| (*name, if *name == "OIDC__RULES" { &other[..] } else { &value[..] }));
    server.restart_set(&others.collect::<Vec<_>>());
    assert_eq!(status(&server, &stranger), 401);
}

#[test]
fn without_a_provider_nothing_is_offered_and_one_that_is_away_is_told_of() {
    let plain = Server::start();
    let nobody = plain.client(None);
    assert_eq!(nobody.get("/api/session/provider").ok(), json!({"label": null, "failure": null}));
    let begun = nobody.send("POST", "/api/session/provider", &[SAME], &[]);
    assert_eq!(begun.problem(404).0, "NotFound");
    assert_eq!(nobody.get(&format!("{CALLBACK}?code=a&state=b")).problem(404).0, "NotFound");

    let mut provider = Provider::start("wrong.mjs", &[]);
    let server = started(&settings(provider.issuer()), &[]);
    let begun = begin(&server);
    provider.stop();
    let query = format!("code=right~{}&state={}", begun.nonce, begun.state);
    let (code, detail) = failure(&server, &come_back(&server, &query, &begun.cookie));
    assert!(code == "ProviderUnavailable" && detail.contains("no connection"), "{detail}");
    let later = started(&settings(provider.issuer()), &[("API__AUTH_FAILURES_PER_MINUTE", "2")]);
    let begin_by = |site| later.client(None).send("POST", "/api/session/provider", &[site], &[]);
    let begin = || begin_by(SAME);
    for _ in 0..3 {
        // What pages of others have a browser ask for does not count against it.
        assert_eq!(begin_by(("sec-fetch-site", "cross-site")).problem(403).0, "CrossSite");
    }
    assert_eq!(begin().problem(503).0, "ProviderUnavailable");
    eventually("the operator is told", Duration::from_secs(20), || {
        later.log().contains("nobody can sign in by the identity provider yet").then_some(())
    });
    assert_eq!(begin().problem(503).0, "ProviderUnavailable");
    assert_eq!(begin().problem(429).0, "TooManyFailures");
    // Those who show a token are let in all the same.
    later.operator().get("/api/session").ok();
}

/// What `fuelcell serve` says that does not start.
fn refused(settings: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(built::fuelcell());
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder.path().join("data"));
    command.envs(settings.iter().map(|(name, value)| (format!("FUELCELL_{name}"), value)));
    let output = command.output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_provider_that_cannot_be_meant_keeps_the_server_from_starting() {
    let rules = rules();
    let own = [
        ("OIDC__ISSUER", "https://login.example.com"),
        ("OIDC__CLIENT_ID", "fuelcell"),
        ("OIDC__RULES", &rules[..]),
    ];
    let with = |more: &[(&'static str, &str)]| {
        let known = |name: &str| more.iter().any(|(other, _)| *other == name);
        let kept = own.into_iter().filter(|(name, _)| !known(name));
        refused(&kept.chain(more.iter().copied()).collect::<Vec<_>>())
    };
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    fs::write(&empty, "\nsecret").unwrap();
    let (empty, absent) = (empty.display().to_string(), folder.path().join("absent").display().to_string());
    for (more, told) in [
        (
            vec![("OIDC__ISSUER", "http://login.example.com")],
            "oidc.issuer = \"http://login.example.com\" cannot be used",
        ),
        (
            vec![("OIDC__CLIENT_ID", "")],
            "oidc.client_id = \"\" cannot be used; it takes a text that is not empty",
        ),
        (vec![("OIDC__RULES", "[]")], "oidc.rules has no rule"),
        (vec![("OIDC__RULES", r#"[{claim="groups",value="a",role="king"}]"#)], "oidc.rules"),
        (
            vec![("OIDC__RULES", r#"[{claim="groups",value="a",role="viewer"}]"#)],
            "every role but operator holds in a tenant",
        ),
        (
            vec![("OIDC__RULES", r#"[{claim="nickname",value="a",role="operator"}]"#)],
            "people may set such a claim themselves; a rule takes one that the provider alone sets, such as groups",
        ),
        (vec![("OIDC__SESSION_SECONDS", "8d")], "oidc.session_seconds"),
        (vec![("OIDC__ISUER", "x")], "isuer"),
        (
            vec![("SERVICE__PUBLIC_URL", "http://jobs.example.com")],
            "set service.public_url to an https address",
        ),
        (vec![("OIDC__CLIENT_SECRET_FILE", &absent[..])], "oidc.client_secret_file: cannot read"),
        (vec![("OIDC__CLIENT_SECRET_FILE", &empty[..])], "secret of oidc is empty"),
        (vec![("OIDC__CLIENT_SECRET_FILE", &empty[..]), ("OIDC_CLIENT_SECRET", "x")], "two secrets"),
    ] {
        let refusal = with(&more);
        assert!(refusal.contains(told), "{more:?}: {refusal}");
    }
    let secret = refused(&[("OIDC_CLIENT_SECRET", "hunter2")]);
    assert!(secret.contains("oidc.issuer does not name one") && !secret.contains("hunter2"), "{secret}");
    // A secret is no setting: it is not printed.
    let printed = Command::new(built::fuelcell())
        .arg("config")
        .envs(own.iter().map(|(name, value)| (format!("FUELCELL_{name}"), value)))
        .env("FUELCELL_OIDC_CLIENT_SECRET", "hunter2")
        .output()
        .unwrap();
    let text = String::from_utf8(printed.stdout).unwrap();
    assert!(text.contains("issuer = \"https://login.example.com\"") && !text.contains("hunter2"), "{text}");
}
