//! The steps of the process: names, who does them, how long one waits for them and how long they take.

/// Part of the company that is responsible for a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Department {
    Sales,
    Finance,
    Logistics,
    Service,
}

/// Who does a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Actor {
    /// A person of the department, in working hours.
    Person,
    /// A program, at any hour.
    System,
    /// Somebody outside: the carrier, the customer's bank. At any hour.
    Outside,
}

macro_rules! activities {
    ($($variant:ident: $name:literal, $department:ident, $actor:ident, wait $wait:literal h, work $work:literal min;)*) => {
        /// A step of the process.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Activity { $($variant),* }

        impl Activity {
            /// As it stands in the log.
            pub(super) fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            pub(super) fn department(self) -> Department {
                match self { $(Self::$variant => Department::$department),* }
            }

            pub(super) fn actor(self) -> Actor {
                match self { $(Self::$variant => Actor::$actor),* }
            }

            /// Hours from the end of the step before to the start of this one, on average: working hours for people.
            pub(super) fn mean_wait_hours(self) -> f64 {
                match self { $(Self::$variant => $wait),* }
            }

            /// Minutes that the step takes, on average.
            pub(super) fn mean_work_minutes(self) -> f64 {
                match self { $(Self::$variant => $work),* }
            }
        }
    };
}

activities! {
    CreateOrder: "Create Order", Sales, Person, wait 0.0 h, work 6.0 min;
    AuthorizePayment: "Authorize Payment", Finance, System, wait 0.02 h, work 0.2 min;
    CheckCredit: "Check Credit", Finance, Person, wait 1.5 h, work 9.0 min;
    ApproveOrder: "Approve Order", Sales, Person, wait 2.5 h, work 5.0 min;
    ChangeOrder: "Change Order", Sales, Person, wait 4.0 h, work 8.0 min;
    RejectOrder: "Reject Order", Sales, Person, wait 2.0 h, work 6.0 min;
    CancelOrder: "Cancel Order", Sales, Person, wait 3.0 h, work 4.0 min;
    RefundPayment: "Refund Payment", Finance, System, wait 1.0 h, work 0.3 min;
    CheckStock: "Check Stock", Logistics, System, wait 0.1 h, work 0.3 min;
    OrderFromSupplier: "Order from Supplier", Logistics, Person, wait 2.0 h, work 12.0 min;
    ReceiveGoods: "Receive Goods", Logistics, Person, wait 60.0 h, work 35.0 min;
    PickItems: "Pick Items", Logistics, Person, wait 4.0 h, work 22.0 min;
    PackItems: "Pack Items", Logistics, Person, wait 1.0 h, work 14.0 min;
    ShipOrder: "Ship Order", Logistics, Person, wait 2.5 h, work 8.0 min;
    ConfirmDelivery: "Confirm Delivery", Logistics, Outside, wait 26.0 h, work 1.0 min;
    CreateInvoice: "Create Invoice", Finance, Person, wait 2.5 h, work 6.0 min;
    SendInvoice: "Send Invoice", Finance, System, wait 0.3 h, work 0.5 min;
    CorrectInvoice: "Correct Invoice", Finance, Person, wait 9.0 h, work 15.0 min;
    SendReminder: "Send Payment Reminder", Finance, Person, wait 55.0 h, work 3.0 min;
    CapturePayment: "Capture Payment", Finance, System, wait 0.2 h, work 0.2 min;
    ReceivePayment: "Receive Payment", Finance, Outside, wait 300.0 h, work 1.0 min;
    ClearInvoice: "Clear Invoice", Finance, Person, wait 3.0 h, work 4.0 min;
    RequestReturn: "Request Return", Service, Outside, wait 80.0 h, work 4.0 min;
    ReceiveReturn: "Receive Return", Logistics, Person, wait 30.0 h, work 10.0 min;
    InspectReturn: "Inspect Return", Logistics, Person, wait 6.0 h, work 18.0 min;
    IssueCreditNote: "Issue Credit Note", Finance, Person, wait 5.0 h, work 7.0 min;
    CloseOrder: "Close Order", Sales, System, wait 1.0 h, work 0.1 min;
}

impl Department {
    /// As it stands in the log.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sales => "Sales",
            Self::Finance => "Finance",
            Self::Logistics => "Logistics",
            Self::Service => "Customer Service",
        }
    }

    /// First letters of its people's ids.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Sales => "SAL",
            Self::Finance => "FIN",
            Self::Logistics => "LOG",
            Self::Service => "SRV",
        }
    }
}
