//! `/api/{tenantId}/{projectId}/webhooks…`, `…/deliveries…` and `…/mail-policy`: who is told of the ends of jobs, and how that
//! went. DTOs and mapping only.

pub(crate) mod deliveries;
pub(crate) mod mail;
pub(crate) mod webhooks;

use fuelcell_domain::{Channel, DeliveryState};

/// Where deliveries stand.
pub(crate) const STATES: [(&str, DeliveryState); 4] = [
    ("Waiting", DeliveryState::Waiting),
    ("Sending", DeliveryState::Sending),
    ("Delivered", DeliveryState::Delivered),
    ("Parked", DeliveryState::Parked),
];

/// By which way somebody is told.
pub(crate) const CHANNELS: [(&str, Channel); 2] = [("webhook", Channel::Webhook), ("email", Channel::Email)];
