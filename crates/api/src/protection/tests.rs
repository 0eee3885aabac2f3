//! As many as are allowed, and one more.

use super::*;
use axum::http::{HeaderName, HeaderValue};
use fuelcell_domain::TenantId;
use std::num::NonZeroU32;

fn someone(scope: Scope) -> (Scope, TokenId) {
    (scope, TokenId::random())
}

fn headers(all: &[(HeaderName, HeaderValue)]) -> HeaderMap {
    all.iter().cloned().collect()
}

fn stated(bytes: u64) -> [(HeaderName, HeaderValue); 1] {
    [(header::CONTENT_LENGTH, bytes.into())]
}

fn code(refused: Result<Admission, Problem>) -> (u16, &'static str, Option<u64>) {
    let problem = refused.err().expect("it is refused");
    (problem.status().as_u16(), problem.code(), problem.retry_after())
}

#[test]
fn bodies_count_by_token_tenant_and_in_all_until_their_requests_are_answered() {
    let config = ApiConfig {
        max_token_arriving_bytes: 10,
        max_tenant_arriving_bytes: 15,
        max_arriving_bytes: 20,
        ..ApiConfig::default()
    };
    let protection = Protection::new(&config);
    let tenant = Scope::Tenant(TenantId::random());
    let (one, two, other) = (someone(tenant), someone(tenant), someone(Scope::Tenant(TenantId::random())));
    let of = |who: &(Scope, TokenId), bytes: u64| protection.admit(*who, &headers(&stated(bytes)));
    let first = of(&one, 10).unwrap();
    assert_eq!(code(of(&one, 1)), (429, "TooMuchArriving", Some(1)));
    assert!(of(&one, 0).is_ok(), "what has no body takes no room");
    let second = of(&two, 5).unwrap();
    assert_eq!(code(of(&two, 1)), (429, "TooMuchArriving", Some(1)));
    let third = of(&other, 5).unwrap();
    assert_eq!(code(of(&other, 1)), (503, "TooMuchArriving", Some(1)));
    assert!(of(&someone(Scope::Server), 1000).is_ok(), "operators come through");
    drop((first, second, third));
    assert!(of(&one, 10).is_ok());
}

#[test]
fn a_body_without_a_length_counts_as_the_largest_that_is_held() {
    let chunked = [(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"))];
    assert_eq!(held(&headers(&chunked)), MOST_HELD as u64);
    let [length] = stated(9);
    assert_eq!(held(&headers(&[chunked[0].clone(), length])), MOST_HELD as u64, "chunks are what counts");
    assert_eq!(held(&headers(&stated(9))), 9);
    for more in [0, 1] {
        assert_eq!(held(&headers(&stated(MOST_HELD as u64 + more))), MOST_HELD as u64);
    }
    assert_eq!(held(&headers(&stated(u64::MAX))), MOST_HELD as u64);
    assert_eq!(held(&headers(&[])), 0);
}

#[test]
fn changes_are_shed_beyond_as_many_as_may_be_under_way() {
    let number = |number| NonZeroU32::new(number).unwrap();
    let config = ApiConfig { max_changes: number(3), max_tenant_changes: number(2), ..ApiConfig::default() };
    let protection = Protection::new(&config);
    let (a, b) = (someone(Scope::Tenant(TenantId::random())), someone(Scope::Tenant(TenantId::random())));
    let begun = |who: &(Scope, TokenId)| {
        let admitted = protection.admit(*who, &HeaderMap::new())?;
        admitted.turn.as_ref().expect("it is no operator").begin()?;
        Ok(admitted)
    };
    let slow = protection.admit(a, &HeaderMap::new()).unwrap();
    let mut held = vec![begun(&a).unwrap(), begun(&a).unwrap()];
    assert_eq!(code(begun(&a)), (429, "TooManyChanges", Some(1)));
    assert!(slow.turn.as_ref().unwrap().begin().is_err(), "whose body comes late takes its turn late");
    held.push(begun(&b).unwrap());
    assert_eq!(code(begun(&b)), (503, "Busy", Some(1)));
    drop(held);
    assert!(slow.turn.as_ref().unwrap().begin().is_ok());
}
