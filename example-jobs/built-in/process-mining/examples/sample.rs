//! Makes `sample/order-to-cash.csv`: an invented order-to-cash process, October 2023 to March 2024.
//!
//! `cargo run -p process-mining --example sample > example-jobs/built-in/process-mining/sample/order-to-cash.csv`
//!
//! The same program makes the same file. Planted on purpose: three orders without a credit check, three that go back and
//! forth between change and approval, and two with one extreme delay. `sample/README.md` names them.

#![allow(clippy::print_stdout, reason = "a command-line tool")]

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};

const ORDERS: u64 = 320;

/// Cases with something planted.
const WITHOUT_CREDIT_CHECK: [u64; 3] = [41, 133, 257];
const PING_PONG: [u64; 3] = [29, 188, 250];
/// Order, activity, and how many times as long as usual it has to wait.
const DELAYED: [(u64, &str, f64); 2] = [(65, "Ship goods", 40.0), (217, "Receive payment", 25.0)];

/// Activity, mean hours of waiting before it, mean minutes of work, team.
const STEPS: [(&str, f64, f64, &str); 12] = [
    ("Create order", 0.0, 6.0, "Sales"),
    ("Check credit", 1.5, 8.0, "Scoring"),
    ("Approve order", 2.5, 4.0, "Sales"),
    ("Change order", 5.0, 7.0, "Sales"),
    ("Reject order", 3.0, 5.0, "Sales"),
    ("Order from supplier", 3.0, 6.0, "Stock"),
    ("Pick goods", 6.0, 22.0, "Stock"),
    ("Ship goods", 8.0, 12.0, "Stock"),
    ("Send invoice", 4.0, 3.0, "Finance"),
    ("Confirm delivery", 20.0, 2.0, "Carrier"),
    ("Send reminder", 60.0, 2.0, "Finance"),
    ("Receive payment", 44.0, 2.0, "Bank"),
];

/// Numbers that look random and are always the same (xorshift64*, Vigna 2016).
struct Dice(u64);

impl Dice {
    /// Evenly from 0 to 1.
    fn share(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Around a mean, never longer than three times of it: the sum of two even numbers and a little.
    fn around(&mut self, mean: f64) -> f64 {
        mean * (0.1 + 0.9 * (self.share() + self.share()))
    }
}

fn main() {
    let mut dice = Dice(0x5eed_0f0c_0ffe_e123);
    println!("case_id,activity,start_timestamp,timestamp,resource");
    // Sunday, 1 October 2023; the last orders of March 2024 are paid before its end.
    let first = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(19_631);
    for order in 1..=ORDERS {
        let created = first + TimeDelta::minutes((order as f64 * 173.0 / ORDERS as f64 * 1440.0) as i64);
        print_order(&mut dice, order, created);
    }
}

fn path(dice: &mut Dice, order: u64) -> Vec<&'static str> {
    let mut path = vec!["Create order"];
    if !WITHOUT_CREDIT_CHECK.contains(&order) {
        path.push("Check credit");
    }
    if PING_PONG.contains(&order) {
        path.push("Approve order");
        path.extend(["Change order", "Approve order"].repeat(3));
    } else if dice.share() < 0.07 {
        path.push("Reject order");
        return path;
    } else {
        path.push("Approve order");
    }
    if dice.share() < 0.12 {
        path.push("Change order");
    }
    if dice.share() < 0.15 {
        path.push("Order from supplier");
    }
    path.extend(["Pick goods", "Ship goods"]);
    let late_invoice = dice.share() < 0.4;
    path.extend(if late_invoice {
        ["Confirm delivery", "Send invoice"]
    } else {
        ["Send invoice", "Confirm delivery"]
    });
    if dice.share() < 0.1 {
        path.push("Send reminder");
    }
    path.push("Receive payment");
    path
}

fn print_order(dice: &mut Dice, order: u64, created: DateTime<Utc>) {
    let mut now = created;
    for activity in path(dice, order) {
        let Some(&(_, waiting, work, team)) = STEPS.iter().find(|step| step.0 == activity) else { continue };
        let delay = DELAYED.iter().find(|delayed| (delayed.0, delayed.1) == (order, activity));
        let waiting = dice.around(waiting) * delay.map_or(1.0, |delayed| delayed.2);
        let mut start = now + TimeDelta::seconds((waiting * 3600.0) as i64);
        let person = !matches!(team, "Scoring" | "Carrier" | "Bank");
        if person {
            start = office_hours(start);
        }
        now = start + TimeDelta::seconds((dice.around(work) * 60.0) as i64 + 5);
        let number = (dice.share() * 5.0) as u64 + 1;
        let resource = if person { format!("{team} {number}") } else { team.to_string() };
        println!("A{order:04},{activity},{},{},{resource}", text(start), text(now));
    }
}

/// The next moment at which people work: Monday to Friday, 8 to 18 o'clock.
fn office_hours(time: DateTime<Utc>) -> DateTime<Utc> {
    let mut time = time;
    while time.weekday().num_days_from_monday() > 4 || !(8..18).contains(&time.hour()) {
        time += TimeDelta::hours(1);
    }
    time
}

fn text(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
