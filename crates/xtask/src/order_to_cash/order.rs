//! An order: its attributes and what is unusual about it.

use chrono::NaiveDateTime;
use rand::RngExt;
use rand_distr::{Distribution, LogNormal};
use rand_pcg::Pcg64;

macro_rules! attribute {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal, share $share:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum $name { $($variant),* }

        impl $name {
            /// Its values and how often they occur.
            const SHARES: &[(Self, f64)] = &[$((Self::$variant, $share)),*];

            /// As it stands in the log.
            pub(super) fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }
    };
}

attribute! {
    /// Where the order is handled.
    Region { Europe = "EMEA", share 0.45; Americas = "AMER", share 0.35; Asia = "APAC", share 0.20; }
}
attribute! {
    /// Kind of customer.
    Segment { Retail = "Retail", share 0.60; Wholesale = "Wholesale", share 0.25; Public = "Public Sector", share 0.15; }
}
attribute! {
    /// How the order came in.
    Channel { Web = "Web", share 0.55; Edi = "EDI", share 0.22; Phone = "Phone", share 0.13; Sales = "Sales Visit", share 0.10; }
}
attribute! {
    /// How it is paid.
    Payment { Card = "Card", share 0.45; Account = "Account", share 0.55; }
}
attribute! {
    /// Where the goods are.
    Warehouse { North = "North", share 0.40; West = "West", share 0.35; South = "South", share 0.25; }
}

/// What is planted in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Oddity {
    /// Nothing.
    None,
    /// An order on account goes on without a credit check.
    NoCreditCheck,
    /// One step waits for weeks.
    Stuck,
    /// Change and approval alternate many times.
    BackAndForth,
}

/// One order.
pub(super) struct Order {
    /// From 1, in the order of arrival.
    pub(super) number: u64,
    pub(super) created: NaiveDateTime,
    pub(super) region: Region,
    pub(super) segment: Segment,
    pub(super) channel: Channel,
    pub(super) payment: Payment,
    pub(super) warehouse: Warehouse,
    /// In the currency of the company.
    pub(super) value: f64,
    pub(super) oddity: Oddity,
}

impl Order {
    /// Draws everything about an order that came in at `created`.
    pub(super) fn draw(rng: &mut Pcg64, number: u64, created: NaiveDateTime) -> Self {
        let segment = pick(rng, Segment::SHARES);
        Self {
            number,
            created,
            region: pick(rng, Region::SHARES),
            segment,
            channel: pick(rng, Channel::SHARES),
            // Companies and offices buy on account.
            payment: if segment == Segment::Retail { pick(rng, Payment::SHARES) } else { Payment::Account },
            warehouse: pick(rng, Warehouse::SHARES),
            value: draw_value(rng, segment),
            oddity: draw_oddity(rng),
        }
    }
}

impl Region {
    /// Winter time of its main office.
    pub(super) fn utc_offset_hours(self) -> i64 {
        match self {
            Self::Europe => 1,
            Self::Americas => -5,
            Self::Asia => 8,
        }
    }
}

fn draw_value(rng: &mut Pcg64, segment: Segment) -> f64 {
    let median: f64 = match segment {
        Segment::Retail => 180.0,
        Segment::Wholesale => 2_400.0,
        Segment::Public => 900.0,
    };
    LogNormal::new(median.ln(), 0.9).expect("the deviation is a positive constant").sample(rng)
}

fn draw_oddity(rng: &mut Pcg64) -> Oddity {
    const SHARES: &[(Oddity, f64)] = &[
        (Oddity::NoCreditCheck, 0.006),
        (Oddity::Stuck, 0.002),
        (Oddity::BackAndForth, 0.003),
        (Oddity::None, 0.989),
    ];
    pick(rng, SHARES)
}

/// Draws a value; the shares add up to 1.
pub(super) fn pick<T: Copy>(rng: &mut Pcg64, shares: &[(T, f64)]) -> T {
    let mut left: f64 = rng.random();
    for (value, share) in shares {
        left -= share;
        if left < 0.0 {
            return *value;
        }
    }
    // Rounding may leave a rest of nothing.
    shares[shares.len() - 1].0
}
