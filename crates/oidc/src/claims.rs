//! What a checked token says of somebody.

use crate::rules::{Rule, top};
use fuelcell_domain::identity::Person;
use fuelcell_domain::text::clipped;
use fuelcell_domain::{Digest, Role, Scope};
use serde_json::{Map, Value};

/// Bytes of the provider's own name of somebody (OpenID Connect Core, section 2).
pub(crate) const MAX_SUBJECT: usize = 255;
/// Bytes of the name that they are shown by.
const MAX_NAME: usize = 100;
/// The claim of an address, which anybody can make up where the provider has not verified it.
const EMAIL: &str = "email";
/// Where some providers have several.
const EMAILS: &str = "emails";

/// The claims of a token whose signature and addressee are right.
pub(crate) struct Claims(pub(crate) Map<String, Value>);

impl Claims {
    /// Whether a claim is, or lists, this text.
    fn has(&self, claim: &str, value: &str) -> bool {
        match self.find(claim) {
            Some(Value::String(text)) => text == value,
            Some(Value::Array(texts)) => texts.iter().any(|text| text == value),
            _ => false,
        }
    }

    /// A claim by its name, or by a JSON Pointer. An address that is not verified is none.
    fn find(&self, claim: &str) -> Option<&Value> {
        let is_address = [EMAIL, EMAILS].contains(&top(claim));
        if is_address && self.0.get("email_verified") != Some(&Value::Bool(true)) {
            return None;
        }
        match self.0.get(claim) {
            Some(value) => Some(value),
            None => self.pointed(claim),
        }
    }

    fn pointed(&self, pointer: &str) -> Option<&Value> {
        let (first, rest) = match pointer.strip_prefix('/')?.split_once('/') {
            Some((first, rest)) => (first, Some(rest)),
            None => (pointer.strip_prefix('/')?, None),
        };
        let value = self.0.get(&first.replace("~1", "/").replace("~0", "~"))?;
        rest.map_or(Some(value), |rest| value.pointer(&format!("/{rest}")))
    }

    fn text(&self, claim: &str) -> Option<&str> {
        self.find(claim)?.as_str()
    }

    /// Who it is, and what they may do here.
    pub(crate) fn person(
        &self,
        issuer: &str,
        name_claim: &str,
        (rules, domains): (&[Rule], &[String]),
    ) -> Option<Person> {
        let subject = self.0.get("sub")?.as_str().filter(|subject| is_subject(subject))?;
        let email = self.text(EMAIL).map(plain).filter(|email| !email.is_empty());
        let name = self.text(name_claim).map(plain).filter(|name| !name.is_empty());
        let called = match (name, &email) {
            (Some(name), Some(email)) if name != *email => format!("{name}, {email} "),
            (Some(name), _) => format!("{name} "),
            (None, Some(email)) => format!("{email} "),
            (None, None) => String::new(),
        };
        Some(Person {
            key: Digest::of(format!("{} {issuer} {subject}", issuer.len()).as_bytes()),
            shown: format!("{called}({subject} at {issuer})"),
            grant: self.grant(rules, domains),
        })
    }

    fn grant(&self, rules: &[Rule], domains: &[String]) -> Result<(Role, Scope), String> {
        let domain = self.text(EMAIL).and_then(|email| email.rsplit_once('@')).map(|(_, domain)| domain);
        let is_one = |known: &String| domain.is_some_and(|domain| domain.eq_ignore_ascii_case(known));
        if !domains.is_empty() && !domains.iter().any(is_one) {
            return Err(format!(
                "only people sign in with an e-mail address of {} that the identity provider has verified",
                domains.join(" or ")
            ));
        }
        let none = "no rule of this server gives this person a role; its operator can add one";
        let met = rules.iter().find(|rule| self.has(&rule.claim, &rule.value));
        met.and_then(Rule::grant).ok_or_else(|| none.to_owned())
    }
}

/// ASCII without control characters, as the standard has it.
fn is_subject(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_SUBJECT && text.bytes().all(|byte| matches!(byte, 0x20..=0x7e))
}

/// What people call themselves must not look like what is put behind it, and turns no text around it.
fn plain(text: &str) -> String {
    let fine = |character: &char| {
        character.is_alphanumeric()
            || *character == ' '
            || (character.is_ascii_graphic() && !"()<>".contains(*character))
    };
    clipped(text.chars().filter(fine).collect::<String>().trim(), MAX_NAME)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ISSUER: &str = "https://login.example.com";
    const ID: &str = "00000000-0000-4000-8000-000000000001";

    fn claims(value: Value) -> Claims {
        Claims(value.as_object().unwrap().clone())
    }

    fn shown(value: Value) -> Option<String> {
        claims(value).person(ISSUER, "preferred_username", (&[], &[])).map(|person| person.shown)
    }

    #[test]
    fn people_are_shown_by_their_name_and_always_by_the_providers_own() {
        let own = "(248 at https://login.example.com)";
        for (value, called) in [
            (json!({"sub": "248"}), String::new()),
            (json!({"sub": "248", "preferred_username": "ann"}), "ann ".into()),
            (
                json!({"sub": "248", "preferred_username": "ann", "email": "a@x.org", "email_verified": true}),
                "ann, a@x.org ".into(),
            ),
            (json!({"sub": "248", "email": "a@x.org", "email_verified": false}), String::new()),
            (
                json!({"sub": "248", "preferred_username": "operator (1 at https://x)\u{202e}\n"}),
                "operator 1 at https://x ".into(),
            ),
            (
                json!({"sub": "248", "preferred_username": "x".repeat(1000)}),
                format!("{} ", "x".repeat(MAX_NAME)),
            ),
        ] {
            assert_eq!(shown(value.clone()), Some(format!("{called}{own}")), "{value}");
        }
        for nobody in [
            json!({}),
            json!({"sub": ""}),
            json!({"sub": 7}),
            json!({"sub": "x".repeat(MAX_SUBJECT + 1)}),
            json!({"sub": "a\n"}),
        ] {
            assert_eq!(shown(nobody.clone()), None, "{nobody}");
        }
        assert!(shown(json!({"sub": "x".repeat(MAX_SUBJECT)})).is_some());
    }

    #[test]
    fn the_first_rule_that_is_met_holds_and_none_gives_nothing() {
        let rules: Vec<Rule> = serde_json::from_value(json!([
            {"claim": "groups", "value": "ops", "role": "operator"},
            {"claim": "/realm_access/roles", "value": "run", "role": "submitter", "tenant": ID},
            {"claim": "https://example.com/team", "value": "a", "role": "viewer", "tenant": ID, "project": ID},
            {"claim": "email", "value": "boss@example.com", "role": "administrator", "tenant": ID},
            {"claim": "/email", "value": "a@example.com", "role": "administrator", "tenant": ID},
            {"claim": "emails", "value": "b@example.com", "role": "administrator", "tenant": ID},
            {"claim": "/emails/0", "value": "c@example.com", "role": "administrator", "tenant": ID},
            {"claim": "/email/own", "value": "d@example.com", "role": "administrator", "tenant": ID},
        ]))
        .unwrap();
        let role = |value: Value| claims(value).grant(&rules, &[]).ok().map(|(role, _)| role);
        assert_eq!(
            role(json!({"groups": ["a", "ops"], "realm_access": {"roles": ["run"]}})),
            Some(Role::Operator)
        );
        assert_eq!(role(json!({"groups": "ops"})), Some(Role::Operator));
        assert_eq!(role(json!({"realm_access": {"roles": ["run"]}})), Some(Role::Submitter));
        assert_eq!(role(json!({"https://example.com/team": "a"})), Some(Role::Viewer));
        let boss = |verified: Value| role(json!({"email": "boss@example.com", "email_verified": verified}));
        assert_eq!(boss(true.into()), Some(Role::Administrator));
        for other in [false.into(), "true".into(), Value::Null] {
            assert_eq!(boss(other), None, "anybody can claim an address");
        }
        for mut addresses in [
            json!({"email": "a@example.com"}),
            json!({"emails": ["b@example.com"]}),
            json!({"emails": ["c@example.com"]}),
            json!({"email": {"own": "d@example.com"}}),
        ] {
            assert_eq!(role(addresses.clone()), None, "{addresses}");
            addresses["email_verified"] = true.into();
            assert_eq!(role(addresses.clone()), Some(Role::Administrator), "{addresses}");
        }
        for nothing in [
            json!({}),
            json!({"groups": ["Ops"]}),
            json!({"groups": {"ops": true}}),
            json!({"groups": "ops,x"}),
        ] {
            assert_eq!(role(nothing.clone()), None, "{nothing}");
        }
    }

    #[test]
    fn addresses_are_of_a_domain_that_is_let_in_and_verified() {
        let rules: Vec<Rule> =
            serde_json::from_value(json!([{"claim": "groups", "value": "ops", "role": "operator"}])).unwrap();
        let may = |email: &str, verified: Value| {
            let value = json!({"groups": ["ops"], "email": email, "email_verified": verified});
            claims(value).grant(&rules, &["example.com".into()]).is_ok()
        };
        assert!(may("ann@Example.com", true.into()));
        for (email, verified) in [
            ("ann@example.com", Value::Bool(false)),
            ("ann@example.com", Value::Null),
            ("ann@example.com", "true".into()),
            ("ann@sub.example.com", true.into()),
            ("ann@example.com@evil.example", true.into()),
            ("example.com", true.into()),
        ] {
            assert!(!may(email, verified.clone()), "{email} {verified}");
        }
    }
}
