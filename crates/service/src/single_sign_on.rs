//! Sign-in without a token: an identity provider vouches for somebody, the operator's rules give them a role, and a
//! session begins that holds it.
//!
//! What ties a sign-in to the browser that began it is made of a secret in a cookie of that browser, under the server's
//! own secret. So nothing is kept here meanwhile, however many begin, and what comes back to another browser is worth
//! nothing. What the provider says is asked for at each sign-in, and believed for as long as the session lasts.

use crate::audit::AuditedCall;
use crate::session_table::SignedIn;
use crate::sessions::{Opened, person_of};
use crate::{Principal, Service, ServiceError};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use fuelcell_domain::identity::{
    BroughtBack, IdentityProvider, Person, SignIn, SignInError, words_of_provider,
};
use fuelcell_domain::{AuditOutcome, Digest, ProjectRef, Role, Scope, Timestamp, TokenId};
use std::sync::Arc;
use std::time::Duration;
use subtle::ConstantTimeEq;

/// How long somebody may take at the provider.
pub const SIGN_IN_TIME: Duration = Duration::from_secs(600);

/// The code of a sign-in whose person gets no role.
const NO_ROLE: &str = "NoRole";

/// A sign-in that has begun.
pub struct Begun {
    /// Where the browser goes.
    pub url: String,
    /// What it keeps, and shows when it comes back.
    pub kept: String,
}

/// What a browser shows when it comes back.
#[derive(Default)]
pub struct Returned {
    /// What it kept.
    pub kept: Option<String>,
    /// What the provider sent it with.
    pub state: Option<String>,
    /// What is exchanged.
    pub code: Option<String>,
    /// Who sent it.
    pub issuer: Option<String>,
    /// What the provider says is wrong, and in more words.
    pub error: Option<(String, Option<String>)>,
}

impl Service {
    /// From now on people may sign in by this provider.
    pub fn sign_in_by(&mut self, provider: Arc<dyn IdentityProvider>) {
        self.provider = Some(provider);
    }

    /// What people call the provider, if there is one.
    pub fn provider_label(&self) -> Option<&str> {
        self.provider.as_ref().map(|provider| provider.label())
    }

    /// What the provider is called by which this principal signed in, and where they sign out there.
    pub fn vouched_by(&self, principal: &Principal) -> Option<(String, Option<String>)> {
        let provider = self.provider.as_ref().filter(|_| principal.is_person())?;
        Some((provider.label().to_owned(), provider.sign_out_url()))
    }

    /// Begins a sign-in; the provider sends the browser back to `callback`. `again` = even if it knows who that is.
    pub async fn begin_sign_in(&self, callback: &str, again: bool) -> Result<Begun, ServiceError> {
        let secret = BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        let kept = format!("{secret}.{}", self.clock.now().plus(SIGN_IN_TIME).0);
        let url = self.provider()?.begin(&self.tied(&kept), callback, again).await?;
        Ok(Begun { url, kept })
    }

    /// Ends a sign-in with a session. `call` makes the entry for the audit log of who it is.
    pub async fn finish_sign_in(
        &self,
        returned: Returned,
        callback: &str,
        call: impl FnOnce(Principal) -> AuditedCall + Send,
    ) -> Result<Opened, ServiceError> {
        let provider = self.provider()?;
        let sign_in = self.begun(&returned)?;
        if let Some((error, description)) = returned.error {
            return Err(SignInError::Refused(words_of_provider(&error, description.as_deref())).into());
        }
        let code = returned.code.ok_or_else(not_begun)?;
        let brought = BroughtBack { code, issuer: returned.issuer };
        let person = provider.finish(&sign_in, callback, brought).await?;
        let granted = self.granted(&person).await?;
        let time = provider.session_time().min(Duration::from_secs(self.config.session_seconds));
        let ends = self.clock.now().plus(time);
        let rules = provider.rules();
        // Of somebody without a role only the entry is made, and that is a matter of the server.
        let (role, scope) = granted.clone().unwrap_or((Role::Viewer, Scope::Server));
        let holder = Digest(self.secret.mac("person", &[&person.key.0]));
        self.end_outdated(holder, granted.as_ref().ok().copied()).await?;
        let signed_in =
            SignedIn { id: TokenId::of_person(holder), subject: person.shown, role, scope, ends, rules };
        let entry = call(person_of(signed_in.clone()));
        if let Err(reason) = granted {
            let refusal = ServiceError::unprocessable(NO_ROLE, format!("{}: {reason}", signed_in.subject));
            self.record_refusal(entry, NO_ROLE.into()).await;
            return Err(refusal);
        }
        let opened = self.begin_session(holder, Some(signed_in), Some(ends)).await?;
        self.record(entry, AuditOutcome::Done).await;
        Ok(opened)
    }

    /// A text that a browser keeps, and that is known when it is shown again.
    pub fn sealed_note(&self, note: &str) -> String {
        let text = BASE64_URL_SAFE_NO_PAD.encode(note);
        let mac = BASE64_URL_SAFE_NO_PAD.encode(self.secret.mac("note", &[note.as_bytes()]));
        format!("{text}.{mac}")
    }

    /// The text of such a note, if this server sealed it.
    pub fn opened_note(&self, sealed: &str) -> Option<String> {
        let (text, _) = sealed.split_once('.')?;
        let note = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        same(&self.sealed_note(&note), sealed).then_some(note)
    }

    fn provider(&self) -> Result<&Arc<dyn IdentityProvider>, ServiceError> {
        self.provider.as_ref().ok_or(ServiceError::NotFound("an identity provider"))
    }

    /// Whether the provider answers a sign-in that this browser began, however long ago.
    pub fn has_begun(&self, returned: &Returned) -> bool {
        self.answered(returned).is_some()
    }

    /// The sign-in that this browser began in time, if it is the one that the provider answers.
    fn begun(&self, returned: &Returned) -> Result<SignIn, ServiceError> {
        let (sign_in, ends) = self.answered(returned).ok_or_else(not_begun)?;
        if self.clock.now() < ends { Ok(sign_in) } else { Err(not_begun()) }
    }

    /// The same at whatever time, with its end.
    fn answered(&self, returned: &Returned) -> Option<(SignIn, Timestamp)> {
        let (kept, state) = returned.kept.as_deref().zip(returned.state.as_deref())?;
        // The time is part of what the state is made of.
        let ends = kept.rsplit_once('.').and_then(|(_, ends)| ends.parse().ok()).map(Timestamp)?;
        let sign_in = self.tied(kept);
        same(&sign_in.state, state).then_some((sign_in, ends))
    }

    fn tied(&self, kept: &str) -> SignIn {
        let made = |purpose| BASE64_URL_SAFE_NO_PAD.encode(self.secret.mac(purpose, &[kept.as_bytes()]));
        SignIn {
            state: made("sign-in state"),
            nonce: made("sign-in nonce"),
            verifier: made("sign-in verifier"),
        }
    }

    /// What somebody may do, if the place is there.
    async fn granted(&self, person: &Person) -> Result<Result<(Role, Scope), String>, ServiceError> {
        let Ok((role, scope)) = &person.grant else { return Ok(person.grant.clone()) };
        let is_there = match *scope {
            Scope::Server => true,
            Scope::Tenant(tenant) => self.store.tenant(tenant).await?.is_some(),
            Scope::Project(project) => self.has_project(project).await?,
        };
        match is_there {
            true => Ok(Ok((*role, *scope))),
            false => Ok(Err("the tenant or project of the rule that is met does not exist".into())),
        }
    }

    async fn has_project(&self, project: ProjectRef) -> Result<bool, ServiceError> {
        Ok(self.store.project(project).await?.is_some())
    }
}

fn not_begun() -> ServiceError {
    ServiceError::invalid(
        "SignInExpired",
        "this sign-in did not begin in this browser, or took more than ten minutes; begin it anew",
    )
}

fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

impl From<SignInError> for ServiceError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Unavailable(_) => Self::ProviderUnavailable(error.to_string()),
            SignInError::Refused(_) => Self::unprocessable("ProviderRefused", error.to_string()),
            SignInError::NotAccepted(_) => Self::unprocessable("IdentityNotAccepted", error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stubs;
    use crate::tokens::Life;
    use async_trait::async_trait;
    use fuelcell_domain::TenantId;
    use fuelcell_domain::clock::ManualClock;
    use fuelcell_store::MemoryStore;
    use std::sync::Mutex;

    const TIME: Duration = Duration::from_secs(3600);
    const CALLBACK: &str = "http://server.example/back";

    /// Says of everybody what it is told to say, by rules of a number and for a time.
    struct Vouching {
        grant: Mutex<Result<(Role, Scope), String>>,
        rules: Mutex<u8>,
        time: Mutex<Duration>,
    }

    #[async_trait]
    impl IdentityProvider for Vouching {
        fn label(&self) -> &str {
            "Example"
        }

        fn rules(&self) -> Digest {
            Digest([*self.rules.lock().unwrap(); 32])
        }

        fn session_time(&self) -> Duration {
            *self.time.lock().unwrap()
        }

        async fn begin(&self, sign_in: &SignIn, _: &str, _: bool) -> Result<String, SignInError> {
            Ok(sign_in.state.clone())
        }

        async fn finish(&self, _: &SignIn, _: &str, brought: BroughtBack) -> Result<Person, SignInError> {
            let key = Digest::of(brought.code.as_bytes());
            Ok(Person { key, shown: brought.code, grant: self.grant.lock().unwrap().clone() })
        }

        fn sign_out_url(&self) -> Option<String> {
            None
        }
    }

    struct World {
        service: Service,
        clock: Arc<ManualClock>,
        provider: Arc<Vouching>,
    }

    fn world() -> World {
        let clock = Arc::new(ManualClock::new(Timestamp(0)));
        let mut service = stubs::service(Arc::new(MemoryStore::new()), clock.clone()).0;
        let grant = Mutex::new(Ok((Role::Operator, Scope::Server)));
        let provider = Arc::new(Vouching { grant, rules: Mutex::new(1), time: Mutex::new(TIME) });
        service.sign_in_by(provider.clone());
        World { service, clock, provider }
    }

    impl World {
        async fn begun(&self, code: &str) -> Returned {
            let begun = self.service.begin_sign_in(CALLBACK, false).await.unwrap();
            let (kept, state, code) = (Some(begun.kept), Some(begun.url), Some(code.to_owned()));
            Returned { kept, state, code, ..Returned::default() }
        }

        async fn finish(&self, returned: Returned) -> Result<Opened, ServiceError> {
            let call = |principal: Principal| AuditedCall {
                action: "sign in".into(),
                target: "back".into(),
                place: principal.scope,
                request_id: String::new(),
                trace: None,
                principal,
            };
            self.service.finish_sign_in(returned, CALLBACK, call).await
        }

        async fn holder(&self, opened: &Opened) -> Option<Principal> {
            self.service.session_holder(&opened.secret).await.ok()
        }
    }

    #[tokio::test]
    async fn a_person_is_the_same_each_time_and_ends_with_their_session() {
        let world = world();
        let ann = world.finish(world.begun("ann").await).await.unwrap();
        let again = world.finish(world.begun("ann").await).await.unwrap();
        let bob = world.finish(world.begun("bob").await).await.unwrap();
        let (one, two, other) = (
            world.holder(&ann).await.unwrap(),
            world.holder(&again).await.unwrap(),
            world.holder(&bob).await.unwrap(),
        );
        assert_eq!((&one.subject[..], one.role, one.expires_at), ("ann", Role::Operator, Some(ann.ends)));
        assert!(one.token == two.token && one.token != other.token);
        assert_eq!(ann.ends, Timestamp(0).plus(TIME));
        assert!(
            world.service.vouched_by(&one).is_some() && world.service.recognise_again(&one).await.is_ok()
        );
        assert_eq!(world.service.end_sessions(&one, true).await.unwrap(), 2);
        assert!(world.service.recognise_again(&one).await.is_err());
        assert!(world.holder(&bob).await.is_some(), "somebody else's");
        world.clock.advance(TIME);
        assert!(world.holder(&bob).await.is_none());
    }

    #[tokio::test]
    async fn other_rules_end_what_was_given_by_these() {
        let world = world();
        let ann = world.finish(world.begun("ann").await).await.unwrap();
        *world.provider.rules.lock().unwrap() = 2;
        assert!(world.holder(&ann).await.is_none());
    }

    #[tokio::test]
    async fn a_time_that_is_made_shorter_holds_for_the_sessions_that_are_open() {
        let world = world();
        let ann = world.finish(world.begun("ann").await).await.unwrap();
        world.clock.advance(TIME / 2);
        *world.provider.time.lock().unwrap() = TIME / 2 + Duration::from_secs(1);
        assert!(world.holder(&ann).await.is_some());
        world.clock.advance(Duration::from_secs(1));
        assert!(world.holder(&ann).await.is_none());
    }

    #[tokio::test]
    async fn what_a_later_sign_in_gives_or_does_not_ends_what_was_given_otherwise() {
        let world = world();
        let grant = |granted| *world.provider.grant.lock().unwrap() = granted;
        let holders = async |sessions: [&Opened; 3]| {
            let mut holders = Vec::new();
            for session in sessions {
                holders.push(world.holder(session).await.is_some());
            }
            holders
        };
        let bob = world.finish(world.begun("bob").await).await.unwrap();
        let first = world.finish(world.begun("ann").await).await.unwrap();
        let same = world.finish(world.begun("ann").await).await.unwrap();
        assert_eq!(holders([&bob, &first, &same]).await, [true, true, true]);
        let operator = world.holder(&first).await.unwrap();
        let tenant = world.service.create_tenant(&operator, None, "a tenant".into()).await.unwrap().id;
        grant(Ok((Role::Viewer, Scope::Tenant(tenant))));
        let viewer = world.finish(world.begun("ann").await).await.unwrap();
        assert_eq!(holders([&bob, &first, &same]).await, [true, false, false]);
        assert_eq!(world.holder(&viewer).await.unwrap().role, Role::Viewer);
        grant(Err("nothing any more".into()));
        assert!(world.finish(world.begun("ann").await).await.is_err());
        assert!(world.holder(&viewer).await.is_none() && world.holder(&bob).await.is_some());
    }

    #[tokio::test]
    async fn what_stands_for_its_maker_later_is_made_with_a_token() {
        let world = world();
        let opened = world.finish(world.begun("ann").await).await.unwrap();
        let ann = world.holder(&opened).await.unwrap();
        let service = &world.service;
        let tenant = service.create_tenant(&ann, None, "a tenant".into()).await.unwrap().id;
        let project = service.create_project(&ann, tenant, None, "a project".into()).await.unwrap().id;
        let (viewer, scope, life) = (Role::Viewer, Scope::Project(project), Some(Life::Seconds(1)));
        for life in [None, life] {
            let token = service.create_token(&ann, "ci".into(), viewer, scope, life).await;
            assert_eq!(token.err().map(|error| error.code()), Some("TokenNeeded"));
            let password =
                service.create_application_password(&ann, project, "ci".into(), viewer, life).await;
            assert_eq!(password.err().map(|error| error.code()), Some("TokenNeeded"));
        }
        assert!(service.store.tokens().await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_sign_in_ends_in_time_and_with_what_it_began_with() {
        let world = world();
        let code = |refused: Result<Opened, ServiceError>| refused.err().map(|error| error.code());
        let (late, strange) = (world.begun("ann").await, world.begun("ann").await);
        let strange = Returned { kept: late.kept.clone(), ..strange };
        assert!(world.service.has_begun(&late) && !world.service.has_begun(&strange));
        assert_eq!(code(world.finish(strange).await), Some("SignInExpired"));
        let longer = late.kept.as_ref().unwrap().rsplit_once('.').unwrap().0;
        let longer = Returned { kept: Some(format!("{longer}.{}", i64::MAX)), ..world.begun("ann").await };
        assert_eq!(code(world.finish(longer).await), Some("SignInExpired"));
        world.clock.advance(SIGN_IN_TIME);
        assert!(world.service.has_begun(&late), "too late, but its own");
        assert_eq!(code(world.finish(late).await), Some("SignInExpired"));
        assert_eq!(code(world.finish(Returned::default()).await), Some("SignInExpired"));
    }

    #[tokio::test]
    async fn who_is_given_nothing_has_no_session_and_an_entry_in_the_log() {
        let world = world();
        for grant in [Err("nobody".to_owned()), Ok((Role::Viewer, Scope::Tenant(TenantId::random())))] {
            *world.provider.grant.lock().unwrap() = grant;
            let refused = world.finish(world.begun("eve").await).await.err().unwrap();
            assert_eq!(refused.code(), NO_ROLE);
        }
        assert!(world.service.sessions.open().is_empty());
        let entries = world.service.store.audit(&Default::default(), None, 10).await.unwrap();
        assert_eq!(entries.len(), 1, "of many refusals of one kind the first");
        assert_eq!((&entries[0].1.subject[..], entries[0].1.tenant), ("eve", None));
    }

    #[tokio::test]
    async fn notes_are_known_again_and_others_are_not() {
        let service = world().service;
        let sealed = service.sealed_note("a note");
        assert_eq!(service.opened_note(&sealed), Some("a note".into()));
        let (text, mac) = sealed.split_once('.').unwrap();
        for other in ["", ".", text, &format!("{text}.{}", &mac[1..]), &format!("{}.{mac}", &text[2..])] {
            assert_eq!(service.opened_note(other), None, "{other}");
        }
    }
}
