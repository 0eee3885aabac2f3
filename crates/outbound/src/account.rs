//! Whom an attempt has contacted. It is written as things happen, so that it is whole whenever the attempt ends.

use fuelcell_domain::outbound::Contact;
use parking_lot::{Mutex, MutexGuard};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Hosts that an account names because something was sent to them; further ones are taken together.
const MAX_CONTACTED: usize = 100;

/// Hosts that it names although they were only refused: they take no place from the others.
const MAX_REFUSED: usize = 20;

/// The name of all further ones.
const OTHERS: &str = "(others)";

/// An attempt's account.
#[derive(Clone, Default)]
pub(crate) struct Account(Arc<Mutex<Contacts>>);

impl Account {
    /// Counts a request that is not sent.
    pub(crate) fn refused(&self, host: &str) {
        self.contacts().refused(host, 1);
    }

    /// Counts a request that is sent from now on.
    pub(crate) fn requested(&self, host: &str) -> Tally {
        let mut contacts = self.contacts();
        let contact = contacts.contacted(host);
        contact.requests += 1;
        Tally { account: self.clone(), host: contact.host.clone() }
    }

    /// What was counted so far, by host.
    pub(crate) fn all(&self) -> Vec<Contact> {
        self.contacts().0.values().cloned().collect()
    }

    /// Between two statements the account is whole.
    fn contacts(&self) -> MutexGuard<'_, Contacts> {
        self.0.lock()
    }
}

/// Where one request is counted.
#[derive(Clone)]
pub(crate) struct Tally {
    account: Account,
    host: String,
}

impl Tally {
    /// Bytes of its body were given to its connection.
    pub(crate) fn sent(&self, bytes: usize) {
        self.account.contacts().contacted(&self.host).bytes_sent += bytes as u64;
    }

    /// Bytes of a body came back.
    pub(crate) fn received(&self, bytes: usize) {
        self.account.contacts().contacted(&self.host).bytes_received += bytes as u64;
    }

    /// It was refused after all, and nothing of it was sent.
    pub(crate) fn withdrawn(&self) {
        self.account.contacts().withdrawn(&self.host);
    }
}

#[derive(Default)]
struct Contacts(BTreeMap<String, Contact>);

impl Contacts {
    fn contacted(&mut self, host: &str) -> &mut Contact {
        let room = self.named(|contact| contact.requests > 0) < MAX_CONTACTED;
        self.entry(host, room)
    }

    fn refused(&mut self, host: &str, times: u64) {
        let room = self.named(|contact| contact.requests == 0) < MAX_REFUSED;
        self.entry(host, room).refused += times;
    }

    fn withdrawn(&mut self, host: &str) {
        let contact = self.contacted(host);
        contact.requests -= 1;
        let refused = contact.refused;
        if contact.requests > 0 || contact.host == OTHERS {
            contact.refused += 1;
            return;
        }
        // It was only refused, and has the place of such a host, if there is one.
        self.0.remove(host);
        self.refused(host, refused + 1);
    }

    /// How many entries with a name of their own are so.
    fn named(&self, so: impl Fn(&Contact) -> bool) -> usize {
        self.0.values().filter(|contact| contact.host != OTHERS && so(contact)).count()
    }

    fn entry(&mut self, host: &str, room: bool) -> &mut Contact {
        let host = if room || self.0.contains_key(host) { host } else { OTHERS };
        self.0
            .entry(host.to_owned())
            .or_insert_with(|| Contact { host: host.to_owned(), ..Contact::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests(account: &Account, host: &str) -> Option<u64> {
        account.all().into_iter().find(|contact| contact.host == host).map(|contact| contact.requests)
    }

    #[test]
    fn a_request_counts_before_it_ends() {
        let account = Account::default();
        let tally = account.requested("a.example");
        let contact = Contact { host: "a.example".into(), requests: 1, ..Contact::default() };
        assert_eq!(account.all(), std::slice::from_ref(&contact));
        tally.sent(3);
        tally.received(5);
        assert_eq!(account.all(), [Contact { bytes_sent: 3, bytes_received: 5, ..contact }]);
    }

    #[test]
    fn refused_names_take_no_place_from_contacted_ones() {
        let account = Account::default();
        for number in 0..1000 {
            account.refused(&format!("refused-{number}.example"));
            account.requested(&format!("withdrawn-{number}.example")).withdrawn();
        }
        assert_eq!(account.all().len(), MAX_REFUSED + 1);
        assert_eq!(account.all().iter().map(|contact| contact.refused).sum::<u64>(), 2000);
        for number in 0..=MAX_CONTACTED {
            account.requested(&format!("contacted-{number}.example"));
        }
        assert_eq!(requests(&account, "contacted-99.example"), Some(1));
        assert_eq!(
            (requests(&account, "contacted-100.example"), requests(&account, OTHERS)),
            (None, Some(1))
        );
        account.requested("refused-0.example");
        assert_eq!(requests(&account, "refused-0.example"), Some(1));
    }
}
