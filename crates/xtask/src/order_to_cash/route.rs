//! Which steps an order takes, in order.

use rand::RngExt;
use rand_pcg::Pcg64;

use super::{
    activity::Activity::{self, *},
    order::{Oddity, Order, Payment, Segment},
};

/// Orders above this value need somebody's approval.
const APPROVAL_FROM: f64 = 1_000.0;

/// Draws the steps of an order from its creation to its end.
pub(super) fn draw(rng: &mut Pcg64, order: &Order) -> Vec<Activity> {
    let mut steps = vec![CreateOrder];
    if !accept(rng, order, &mut steps) {
        return steps;
    }
    change(rng, order, &mut steps);
    if !provide(rng, order, &mut steps) {
        return steps;
    }
    deliver_and_invoice(rng, &mut steps);
    settle(rng, order, &mut steps);
    if rng.random_bool(0.05) {
        steps.extend([RequestReturn, ReceiveReturn, InspectReturn, IssueCreditNote]);
        if order.payment == Payment::Card {
            steps.push(RefundPayment);
        }
    }
    steps.push(CloseOrder);
    steps
}

/// Decides whether the customer can pay. False: the order ends here.
fn accept(rng: &mut Pcg64, order: &Order, steps: &mut Vec<Activity>) -> bool {
    let refused = match order.payment {
        Payment::Card => {
            steps.push(AuthorizePayment);
            if rng.random_bool(0.06) {
                steps.push(AuthorizePayment);
            }
            rng.random_bool(0.02).then_some(CancelOrder)
        }
        Payment::Account if order.oddity == Oddity::NoCreditCheck => None,
        Payment::Account => {
            steps.push(CheckCredit);
            rng.random_bool(0.05).then_some(RejectOrder)
        }
    };
    steps.extend(refused);
    if refused.is_none() && order.value >= APPROVAL_FROM {
        steps.push(ApproveOrder);
    }
    refused.is_none()
}

/// Customers change their minds.
fn change(rng: &mut Pcg64, order: &Order, steps: &mut Vec<Activity>) {
    if order.oddity == Oddity::BackAndForth {
        for _ in 0..rng.random_range(4..=9) {
            steps.extend([ChangeOrder, ApproveOrder]);
        }
    } else if rng.random_bool(0.12) {
        steps.push(ChangeOrder);
        if order.payment == Payment::Account && rng.random_bool(0.35) {
            steps.push(CheckCredit);
        }
        if order.value >= APPROVAL_FROM {
            steps.push(ApproveOrder);
        }
    }
}

/// Gets the goods ready. False: the order is cancelled.
fn provide(rng: &mut Pcg64, order: &Order, steps: &mut Vec<Activity>) -> bool {
    steps.push(CheckStock);
    if rng.random_bool(0.11) {
        steps.extend([OrderFromSupplier, ReceiveGoods, CheckStock]);
    }
    if rng.random_bool(0.025) {
        steps.push(CancelOrder);
        if order.payment == Payment::Card {
            steps.push(RefundPayment);
        }
        return false;
    }
    steps.extend([PickItems, PackItems]);
    // Something was missing in the parcel.
    if rng.random_bool(0.03) {
        steps.extend([PickItems, PackItems]);
    }
    true
}

fn deliver_and_invoice(rng: &mut Pcg64, steps: &mut Vec<Activity>) {
    if rng.random_bool(0.18) {
        steps.extend([CreateInvoice, ShipOrder, SendInvoice, ConfirmDelivery]);
    } else if rng.random_bool(0.6) {
        steps.extend([ShipOrder, CreateInvoice, SendInvoice, ConfirmDelivery]);
    } else {
        steps.extend([ShipOrder, ConfirmDelivery, CreateInvoice, SendInvoice]);
    }
    if rng.random_bool(0.025) {
        steps.extend([CorrectInvoice, SendInvoice]);
    }
}

/// The money comes in.
fn settle(rng: &mut Pcg64, order: &Order, steps: &mut Vec<Activity>) {
    if order.payment == Payment::Card {
        steps.push(CapturePayment);
        return;
    }
    let forgets = if order.segment == Segment::Wholesale { 0.38 } else { 0.09 };
    // Nobody is reminded more than four times.
    for _ in 0..4 {
        if !rng.random_bool(forgets) {
            break;
        }
        steps.push(SendReminder);
    }
    steps.extend([ReceivePayment, ClearInvoice]);
}
