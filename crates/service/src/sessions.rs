//! Sessions: a person at a browser shows a token once, and from then on a secret that scripts of pages cannot read.
//!
//! A session stands for its token: it may what the token may, and ends with it. One that began without a
//! token, because an identity provider vouched for somebody, has a role of its own, for a shorter time. It also ends when nothing was asked in it
//! for a while, a fixed time after its beginning, and when somebody signs out. The secret is 32 random bytes, of which a
//! keyed hash is kept, in memory and in a [`SessionBook`], so that a restart signs nobody out.

use crate::session_table::{Session, SessionBook, SignedIn, make_room};
use crate::{Principal, Service, ServiceError};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use fuelcell_domain::{Digest, Project, ProjectRef, Role, Scope, Tenant, Timestamp};
use fuelcell_store::{Page, Seek};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Projects that a session lists.
pub const MAX_PROJECTS: usize = 200;

/// How exactly it is known when a session was used last.
const SEEN: Duration = Duration::from_secs(60);

/// A session that has begun.
pub struct Opened {
    /// What its holder shows, for the only time.
    pub secret: String,
    /// When it ends at the latest.
    pub ends: Timestamp,
}

impl Service {
    /// From now on sessions are kept in `book`, and those that it holds are open again.
    pub fn keep_sessions_with(&mut self, book: Box<dyn SessionBook>) -> io::Result<()> {
        if let Some(text) = book.read()? {
            // Signed out is better than shut out.
            let sessions = serde_json::from_str::<Vec<Session>>(&text).unwrap_or_else(|error| {
                tracing::warn!(%error, "the sessions that were kept cannot be read; everybody is signed out");
                Vec::new()
            });
            self.sessions.open().extend(sessions.into_iter().map(|session| (session.id, session)));
        }
        self.sessions.book.set(book).map_err(|_| io::Error::other("sessions are kept elsewhere already"))
    }

    /// Begins a session of whoever showed a token.
    pub async fn open_session(&self, principal: &Principal) -> Result<Opened, ServiceError> {
        let token = principal.hash.filter(|_| principal.session.is_none()).ok_or_else(|| {
            ServiceError::invalid("TokenNeeded", "a session begins with a token, not with another session")
        })?;
        self.begin_session(token, None, principal.expires_at).await
    }

    /// Begins a session of whoever is known under `holder`, until `end` at the latest.
    pub(crate) async fn begin_session(
        &self,
        holder: Digest,
        person: Option<SignedIn>,
        end: Option<Timestamp>,
    ) -> Result<Opened, ServiceError> {
        let secret = BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        let (id, now) = (self.session_hash(&secret), self.clock.now());
        {
            let mut open = self.sessions.open();
            open.retain(|_, session| self.holds(session, now));
            make_room(&mut open, holder);
            open.insert(id, Session { id, token: holder, began: now, seen: now, person });
        }
        self.write_sessions().await?;
        let ends = now.plus(Duration::from_secs(self.config.session_seconds));
        Ok(Opened { secret, ends: end.map_or(ends, |end| end.min(ends)) })
    }

    /// Recognises the holder of a session.
    pub async fn session_holder(&self, secret: &str) -> Result<Principal, ServiceError> {
        let (id, now) = (self.session_hash(secret), self.clock.now());
        let session = self.open_session_of(id).ok_or(ServiceError::Unauthenticated)?;
        let principal = match session.person {
            Some(person) => person_of(person),
            None => self.holder(session.token).await?,
        };
        if now.since(session.seen) >= SEEN {
            if let Some(session) = self.sessions.open().get_mut(&id) {
                session.seen = now;
            }
            let sessions = Arc::clone(&self.sessions);
            tokio::spawn(async move { log_failure(sessions.keep().await) });
        }
        Ok(Principal { session: Some(id), ..principal })
    }

    /// Refuses a principal whose session has ended since it was recognised.
    pub(crate) fn session_again(&self, principal: &Principal) -> Result<(), ServiceError> {
        let ended = principal.session.is_some_and(|id| self.open_session_of(id).is_none());
        if ended { Err(ServiceError::Unauthenticated) } else { Ok(()) }
    }

    /// Signs out: this session, or every session of its token or person. Returns how many have ended.
    pub async fn end_sessions(&self, principal: &Principal, everywhere: bool) -> Result<usize, ServiceError> {
        let ended = {
            let mut open = self.sessions.open();
            let before = open.len();
            let own = principal.session.and_then(|id| open.get(&id)).map(|session| session.token);
            let holder = principal.hash.or(own);
            open.retain(|id, session| match everywhere {
                true => Some(session.token) != holder,
                false => Some(*id) != principal.session,
            });
            before - open.len()
        };
        self.write_sessions().await?;
        Ok(ended)
    }

    /// Ends the sessions of a person in which they may something else than what they are `granted` now.
    pub(crate) async fn end_outdated(
        &self,
        holder: Digest,
        granted: Option<(Role, Scope)>,
    ) -> Result<(), ServiceError> {
        let has_ended = {
            let mut open = self.sessions.open();
            let before = open.len();
            open.retain(|_, session| {
                let given = session.person.as_ref().map(|person| (person.role, person.scope));
                session.token != holder || (given.is_some() && given == granted)
            });
            open.len() < before
        };
        if has_ended { self.write_sessions().await } else { Ok(()) }
    }

    /// The projects that the principal may see with their tenants, and whether there are more than are listed.
    pub async fn projects_in_scope(
        &self,
        principal: &Principal,
    ) -> Result<(Vec<(Tenant, Project)>, bool), ServiceError> {
        let tenants = match principal.scope {
            Scope::Server => self.store.tenants_page(seek(MAX_PROJECTS)).await?,
            Scope::Tenant(tenant) | Scope::Project(ProjectRef { tenant, .. }) => {
                Page { rows: self.store.tenant(tenant).await?.into_iter().collect(), has_more: false }
            }
        };
        let mut found = Vec::new();
        for tenant in tenants.rows {
            let projects = match principal.scope {
                Scope::Project(own) => self.store.project(own).await?.into_iter().collect(),
                _ => self.store.projects_page(tenant.id, seek(MAX_PROJECTS + 1)).await?.rows,
            };
            found.extend(projects.into_iter().map(|project| (tenant.clone(), project)));
            if found.len() > MAX_PROJECTS {
                break;
            }
        }
        let more = tenants.has_more || found.len() > MAX_PROJECTS;
        found.truncate(MAX_PROJECTS);
        Ok((found, more))
    }

    /// Whoever signed in without a token, as long as the session holds in which they did.
    pub(crate) fn person_in(&self, session: Digest) -> Option<Principal> {
        self.open_session_of(session)?.person.map(person_of)
    }

    fn open_session_of(&self, id: Digest) -> Option<Session> {
        let session = self.sessions.open().get(&id).cloned()?;
        self.holds(&session, self.clock.now()).then_some(session)
    }

    fn holds(&self, session: &Session, now: Timestamp) -> bool {
        let age = now.since(session.began);
        now.since(session.seen) < Duration::from_secs(self.config.session_idle_seconds)
            && age < Duration::from_secs(self.config.session_seconds)
            && session.person.as_ref().is_none_or(|person| now < person.ends && self.is_believed(person, age))
    }

    /// Whether what was said of somebody so long ago is still believed, by the rules and for the time that hold now.
    fn is_believed(&self, person: &SignedIn, age: Duration) -> bool {
        let provider = self.provider.as_ref();
        provider.is_some_and(|provider| provider.rules() == person.rules && age < provider.session_time())
    }

    fn session_hash(&self, secret: &str) -> Digest {
        Digest(self.secret.mac("session", &[secret.as_bytes()]))
    }

    async fn write_sessions(&self) -> Result<(), ServiceError> {
        self.sessions.keep().await.map_err(|error| {
            tracing::error!(%error, "sessions cannot be written");
            ServiceError::Storage
        })
    }
}

/// Whoever signed in without a token: the links that they are given end when this does.
pub(crate) fn person_of(person: SignedIn) -> Principal {
    let SignedIn { id, subject, role, scope, ends, .. } = person;
    Principal { token: id, subject, role, scope, expires_at: Some(ends), hash: None, session: None }
}

fn log_failure(written: io::Result<()>) {
    if let Err(error) = written {
        tracing::warn!(%error, "sessions cannot be written");
    }
}

fn seek<P>(limit: usize) -> Seek<P> {
    Seek { after: None, limit }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session_table::MAX_OF_TOKEN;
    use crate::stubs;
    use crate::tokens::Life;
    use fuelcell_domain::clock::ManualClock;
    use fuelcell_domain::{Clock, Token};
    use fuelcell_store::MemoryStore;
    use parking_lot::Mutex;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Option<String>>>);

    impl SessionBook for Page {
        fn read(&self) -> io::Result<Option<String>> {
            Ok(self.0.lock().clone())
        }

        fn write(&self, text: &str) -> io::Result<()> {
            *self.0.lock() = Some(text.into());
            Ok(())
        }
    }

    struct World {
        service: Service,
        clock: Arc<ManualClock>,
        operator: Principal,
        page: Page,
    }

    async fn world() -> World {
        let clock = Arc::new(ManualClock::new(Timestamp(0)));
        let mut service = stubs::service(Arc::new(MemoryStore::new()), clock.clone()).0;
        let page = Page::default();
        service.keep_sessions_with(Box::new(page.clone())).unwrap();
        let secret = service.first_operator_token().await.unwrap().unwrap();
        let operator = service.authenticate(&secret).await.unwrap();
        World { service, clock, operator, page }
    }

    impl World {
        async fn other(&self, life: Option<Life>) -> (Token, Principal) {
            let made =
                self.service.create_token(&self.operator, "ann".into(), Role::Operator, Scope::Server, life);
            let (token, secret) = made.await.unwrap();
            (token, self.service.authenticate(&secret).await.unwrap())
        }

        async fn holds(&self, secret: &str) -> bool {
            self.service.session_holder(secret).await.is_ok()
        }

        fn later(&self, seconds: u64) {
            self.clock.advance(Duration::from_secs(seconds));
        }
    }

    #[tokio::test]
    async fn a_session_ends_when_it_is_idle_and_when_it_is_old() {
        let world = world().await;
        let (idle, old) = (world.service.config.session_idle_seconds, world.service.config.session_seconds);
        let first = world.service.open_session(&world.operator).await.unwrap().secret;
        world.later(idle - 1);
        assert!(world.holds(&first).await);
        world.later(idle - 1);
        assert!(world.holds(&first).await, "what is used is not idle");
        world.later(idle);
        assert!(!world.holds(&first).await);
        let second = world.service.open_session(&world.operator).await.unwrap();
        let mut passed = 0;
        while passed + idle / 2 < old {
            assert!(world.holds(&second.secret).await, "after {passed} s");
            world.later(idle / 2);
            passed += idle / 2;
        }
        world.later(old - passed);
        assert!(!world.holds(&second.secret).await, "used all the time, but old");
        assert_eq!(second.ends, world.clock.now());
    }

    #[tokio::test]
    async fn a_session_ends_with_its_token_and_begins_with_none() {
        let world = world().await;
        let (token, ann) = world.other(Some(Life::Seconds(100))).await;
        let opened = world.service.open_session(&ann).await.unwrap();
        assert_eq!(Some(opened.ends), ann.expires_at);
        let holder = world.service.session_holder(&opened.secret).await.unwrap();
        assert_eq!((holder.token, holder.role), (token.id, Role::Operator));
        assert!(world.service.open_session(&holder).await.is_err(), "it would never end");
        world.service.revoke_token(&world.operator, token.id).await.unwrap();
        assert!(!world.holds(&opened.secret).await);
        assert!(!world.holds("").await);
    }

    #[tokio::test]
    async fn signing_out_ends_one_session_or_all_of_the_token_also_those_that_are_followed() {
        let world = world().await;
        let (_, ann) = world.other(None).await;
        let mut secrets = Vec::new();
        for holder in [&ann, &ann, &ann, &world.operator] {
            secrets.push(world.service.open_session(holder).await.unwrap().secret);
        }
        let one = world.service.session_holder(&secrets[0]).await.unwrap();
        assert_eq!(world.service.end_sessions(&one, false).await.unwrap(), 1);
        assert!(world.service.recognise_again(&one).await.is_err());
        let two = world.service.session_holder(&secrets[1]).await.unwrap();
        assert_eq!(world.service.end_sessions(&two, true).await.unwrap(), 2);
        assert!(!world.holds(&secrets[1]).await && !world.holds(&secrets[2]).await);
        assert!(world.holds(&secrets[3]).await, "another token's");
        assert_eq!(world.service.end_sessions(&ann, false).await.unwrap(), 0, "a token is no session");
    }

    #[tokio::test]
    async fn sessions_outlast_the_process_and_what_has_ended_does_not_come_back() {
        let World { mut service, clock, operator, page } = world().await;
        let (stays, goes) =
            (service.open_session(&operator).await.unwrap(), service.open_session(&operator).await.unwrap());
        let holder = service.session_holder(&goes.secret).await.unwrap();
        service.end_sessions(&holder, false).await.unwrap();
        assert!(!page.0.lock().clone().unwrap().contains(&stays.secret), "only hashes are written");
        service.sessions = Arc::default();
        service.keep_sessions_with(Box::new(page)).unwrap();
        assert!(service.session_holder(&stays.secret).await.is_ok());
        assert!(service.session_holder(&goes.secret).await.is_err());
        clock.advance(Duration::from_secs(service.config.session_idle_seconds));
        assert!(service.session_holder(&stays.secret).await.is_err());
    }

    #[tokio::test]
    async fn the_one_that_was_idle_for_longest_makes_room() {
        let world = world().await;
        let mut secrets = Vec::new();
        for open in (1..=MAX_OF_TOKEN).chain([MAX_OF_TOKEN]) {
            world.later(1);
            secrets.push(world.service.open_session(&world.operator).await.unwrap().secret);
            assert_eq!(world.service.sessions.open().len(), open);
        }
        assert!(!world.holds(&secrets[0]).await && world.holds(&secrets[1]).await);
    }

    #[tokio::test]
    async fn as_many_projects_are_listed_as_is_stated() {
        let World { service, operator, .. } = world().await;
        let tenant = service.create_tenant(&operator, None, "a tenant".into()).await.unwrap().id;
        for number in 1..=MAX_PROJECTS + 1 {
            let name = format!("project {number}");
            service.create_project(&operator, tenant, None, name).await.unwrap();
            if number < MAX_PROJECTS {
                continue;
            }
            let (listed, more) = service.projects_in_scope(&operator).await.unwrap();
            assert_eq!((listed.len(), more), (MAX_PROJECTS, number > MAX_PROJECTS));
        }
    }
}
