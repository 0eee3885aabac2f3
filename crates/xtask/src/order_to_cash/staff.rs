//! Who does a step: small teams of people who are not equally fast, one bot, and the system.

use rand::RngExt;
use rand_pcg::Pcg64;

use super::{
    activity::{Activity, Actor},
    order::{Channel, Order},
};

/// The program that writes invoices for orders without paper, at night.
pub(super) const BOT: &str = "RPA-BOT";

/// People in a department of a region.
const TEAM: u32 = 8;

/// Whoever does a step of an order.
pub(super) enum Worker {
    /// A member of a team, from 1.
    Person(u32),
    /// [`BOT`].
    Bot,
    /// The system, the carrier or the customer.
    Nobody,
}

impl Worker {
    /// Draws one. The first members of a team are its regulars and do most of the work.
    pub(super) fn draw(rng: &mut Pcg64, order: &Order, activity: Activity) -> Self {
        let paperless = matches!(order.channel, Channel::Web | Channel::Edi);
        match activity.actor() {
            Actor::System | Actor::Outside => Self::Nobody,
            Actor::Person if activity == Activity::CreateInvoice && paperless && rng.random_bool(0.6) => {
                Self::Bot
            }
            // On the web customers order for themselves.
            Actor::Person if activity == Activity::CreateOrder && paperless => Self::Nobody,
            Actor::Person => Self::Person(rng.random_range(1..=TEAM).min(rng.random_range(1..=TEAM))),
        }
    }

    /// Time that they need, relative to the average: newcomers need more.
    pub(super) fn pace(&self) -> f64 {
        match self {
            Self::Person(number) => 0.8 + 0.07 * f64::from(*number),
            Self::Bot | Self::Nobody => 1.0,
        }
    }

    /// As it stands in the log.
    pub(super) fn name(&self, order: &Order, activity: Activity) -> String {
        match self {
            Self::Person(number) => {
                format!("{}-{}-{number:02}", activity.department().code(), order.region.name())
            }
            Self::Bot => BOT.to_owned(),
            Self::Nobody => "SYSTEM".to_owned(),
        }
    }
}
